"""The vendors. Each module translates one wire format; nothing above this folder names a vendor's SDK."""

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from llm.providers.unset import NOT_RUNNING, Unset
from llm.types import Emit, Reply, Request

if TYPE_CHECKING:
    from config.environment import Environment

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
IDLE = 30.0  # seconds for which a connection waits for the next call


class Provider(Protocol):
    """A vendor: `request.model` is `provider:model`. Pushes deltas as they come and returns the whole reply.

    Raises LLMError and nothing else of its own; a cancelled call closes its connection.
    """

    async def __call__(self, request: Request, emit: Emit) -> Reply: ...

    async def close(self) -> None:
        """Close the connections."""


def build(site: "Environment", *, recorded: bool = False) -> dict[str, Provider]:
    """Return the site's providers by name; one HTTP client each, made on the process's loop.

    All names of `catalog.PROVIDERS` are there: one that is not set up raises Misconfigured when asked.
    The SDKs are imported here and only where they are used: each takes a second. `recorded`: see Endpoint.
    """
    return {
        "openai": _openai(site, recorded=recorded),
        "anthropic": _anthropic(site, recorded=recorded),
        "local": _local(site, recorded=recorded),
    }


def _openai(site: "Environment", *, recorded: bool) -> Provider:
    key, url = site.openai_api_key.get_secret_value().strip(), site.openai_base_url
    if fault := _fault("OpenAI", "OPENAI_API_KEY", key, url):
        return Unset(fault)
    from llm.providers.endpoint import Endpoint, on_loopback
    from llm.providers.openai import OpenAI

    own = _same_host(url, OPENAI_URL)
    return OpenAI(
        Endpoint(
            title="OpenAI" if own else f"The server at {urlsplit(url).netloc}",
            base_url=url or OPENAI_URL,
            key=key,
            key_variable="OPENAI_API_KEY",
            url_variable="" if own else "OPENAI_BASE_URL",
            keepalive=0 if on_loopback(url) else IDLE,
            limit_field="max_completion_tokens" if own else "max_tokens",
            recorded=recorded,
        )
    )


def _anthropic(site: "Environment", *, recorded: bool) -> Provider:
    key, url = site.anthropic_api_key.get_secret_value().strip(), site.anthropic_base_url
    if fault := _fault("Anthropic", "ANTHROPIC_API_KEY", key, url):
        return Unset(fault)
    from llm.providers.anthropic import Anthropic
    from llm.providers.endpoint import Endpoint, on_loopback

    own = _same_host(url, ANTHROPIC_URL)
    return Anthropic(
        Endpoint(
            title="Anthropic" if own else f"The server at {urlsplit(url).netloc}",
            base_url=url or ANTHROPIC_URL,
            key=key,
            key_variable="ANTHROPIC_API_KEY",
            url_variable="" if own else "ANTHROPIC_BASE_URL",
            keepalive=0 if on_loopback(url) else IDLE,
            recorded=recorded,
        )
    )


def _local(site: "Environment", *, recorded: bool) -> Provider:
    if not site.parley_local_url:
        return Unset(NOT_RUNNING)
    from llm.providers.local import local

    return local(site.parley_local_url, recorded=recorded)


def _same_host(url: str, own: str) -> bool:
    return not url or urlsplit(url).hostname == urlsplit(own).hostname


def _fault(title: str, variable: str, key: str, url: str) -> str:
    """Say why a provider cannot be asked, or nothing."""
    if not key and not url:
        return f"{title} has no key. Set {variable}."
    if not (key.isascii() and key.isprintable()):
        return f"{variable} holds a character that no key has. Copy the key again."
    return ""
