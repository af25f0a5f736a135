"""GET a page by the rules: public addresses only, redirects by hand, 1 MiB of raw bytes, ten seconds in all.

One connection a request and nothing remembered: no proxy, no cookies, no compression. What is blocked, does
not exist or does not answer is told in the same words, so that nobody can look around in here.
"""

import asyncio
import ssl
from dataclasses import dataclass

import httpcore2
import httpx2

from llm.agents.fetching.dialing import Blocked, Dial, Guarded, Resolve, dial, resolve

MOST_BYTES = 1 << 20
SECONDS = 10.0
REDIRECTS = 3
LONGEST = 2000  # characters of an address
PORTS = {None, 80, 443}
MOVED = {301, 302, 303, 307, 308}
HEADERS = {
    b"user-agent": b"Parley (an agent that reads a page for a person)",
    b"accept": b"text/html,text/plain,application/json;q=0.9,*/*;q=0.1",
    b"accept-encoding": b"identity",
    b"connection": b"close",
}


class NotFetched(Exception):
    """There is no page to show; the text is for the model and says nothing about this network."""


NOT_REACHED = "This address cannot be fetched."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came. `body` is raw; `cut` says that there was more. `url` is the last address of the way."""

    url: str
    status: int
    kind: str
    charset: str
    body: bytes
    cut: bool


class Fetcher:
    """Fetches pages. `resolve` and `dial` are the network."""

    def __init__(self, resolve: Resolve = resolve, dial: Dial = dial, seconds: float = SECONDS) -> None:
        self._backend = Guarded(resolve, dial)
        self._seconds = seconds

    async def get(self, url: str) -> Page:
        """Return the page at an address; raises NotFetched."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(checked(url))
        except TimeoutError:
            raise NotFetched(f"The page did not come within {self._seconds:g} seconds.") from None
        except Blocked:
            raise NotFetched(NOT_REACHED) from None

    async def _follow(self, url: httpx2.URL) -> Page:
        for _ in range(REDIRECTS + 1):
            found = await self._once(url)
            if isinstance(found, Page):
                return found
            url = checked(found)
        raise NotFetched(f"The address leads on more than {REDIRECTS} times.")

    async def _once(self, url: httpx2.URL) -> Page | str:
        """Return the page, or the address that it moved to."""
        async with httpcore2.AsyncConnectionPool(
            network_backend=self._backend, ssl_context=ssl.create_default_context(), max_connections=1
        ) as pool:
            try:
                async with pool.stream("GET", _target(url), headers=_headers(url)) as response:
                    return await self._read(url, response)
            except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError):
                raise Blocked from None

    async def _read(self, url: httpx2.URL, response: httpcore2.Response) -> Page | str:
        headers = httpx2.Headers(response.headers)
        if response.status in MOVED and "location" in headers:
            return _joined(url, headers["location"])
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise NotFetched("The page came compressed, though it was asked not to.")
        body, cut = await _bounded(response)
        kind, charset = _kind(headers)
        return Page(url=str(url), status=response.status, kind=kind, charset=charset, body=body, cut=cut)


def checked(text: str) -> httpx2.URL:
    """Return an address by the client's own parser; raises Blocked for what is not plain http or https.

    What could be read in two ways is refused: somebody might check the one and fetch the other.
    """
    if len(text) > LONGEST or any(ord(sign) <= 32 or ord(sign) == 127 or sign == "\\" for sign in text):
        raise Blocked
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        raise Blocked from None
    authority = text.partition("//")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    if url.scheme not in ("http", "https") or not url.host or url.port not in PORTS:
        raise Blocked
    if url.userinfo or "@" in authority or "%" in authority:
        raise Blocked
    return url.copy_with(fragment=None)


def _joined(url: httpx2.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except httpx2.InvalidURL:
        raise Blocked from None


def _target(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _headers(url: httpx2.URL) -> list[tuple[bytes, bytes]]:
    return [(b"host", url.netloc), *HEADERS.items()]


async def _bounded(response: httpcore2.Response) -> tuple[bytes, bool]:
    """Read at most so many raw bytes; leaving the stream closes the connection."""
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return bytes(body[:MOST_BYTES]), True
    return bytes(body), False


def _kind(headers: httpx2.Headers) -> tuple[str, str]:
    """Return the media type and the charset that the server names, if it does."""
    kind, _, rest = headers.get("content-type", "").partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip(" \"'").lower()
    return kind.strip().lower(), charset
