"""Where a provider is, and the names by which a person sets it up."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

CONNECTIONS = 10_000  # a number on purpose: to the SDKs' aiohttp client None means 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One provider of this site; `key` is empty where none is needed.

    `limit_field` is the field that bounds an answer: older compatible servers know `max_tokens` only.
    `bounded`: send the card's own limit where the caller named none. `keepalive` is how many seconds an
    idle connection is kept for the next call; 0 opens one a call, which on this machine costs nothing and
    which llama.cpp needs: it promises to keep a connection and hangs up after each stream (tried).
    `recorded`: what goes to and fro is recorded, which the SDK's own client makes possible.
    """

    title: str
    base_url: str
    key: str = field(default="", repr=False)
    key_variable: str = ""
    url_variable: str = ""
    limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"
    bounded: bool = False
    keepalive: float = 0
    unreachable: str = ""
    recorded: bool = False

    @property
    def proxied(self) -> bool:
        """Return whether the environment names a proxy on the way; on this machine one has no business."""
        parts = urlsplit(self.base_url)
        proxies = getproxies()
        named = parts.scheme in proxies or "all" in proxies
        return named and not self.loopback and not proxy_bypass(parts.hostname or "")

    @property
    def limits(self) -> httpx2.Limits:
        """Return the limits of its one connection pool."""
        return httpx2.Limits(max_connections=CONNECTIONS, keepalive_expiry=self.keepalive or None)

    @property
    def headers(self) -> dict[str, str]:
        """Return what each request says about itself."""
        always = {
            "user-agent": "Parley",
            "accept-encoding": "identity",  # who compresses a stream holds it back
        }
        return always if self.keepalive else always | {"connection": "close"}

    @property
    def loopback(self) -> bool:
        """Return whether it is on this machine."""
        return on_loopback(self.base_url)


def on_loopback(url: str) -> bool:
    """Return whether an address is this machine's own."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


TIMEOUT = httpx2.Timeout(None, connect=10)  # silence and the whole are bounded by the Timeout layer
