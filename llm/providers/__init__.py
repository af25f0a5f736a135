"""The vendors. Each module translates one wire format; nothing above this folder names a vendor's SDK."""

from typing import TYPE_CHECKING, Protocol

from llm.types import Emit, Reply, Request

if TYPE_CHECKING:
    from config.environment import Environment


class Provider(Protocol):
    """A vendor: `request.model` is `provider:model`. Pushes deltas as they come and returns the whole reply.

    Raises LLMError and nothing else of its own; a cancelled call closes its connection.
    """

    async def __call__(self, request: Request, emit: Emit) -> Reply: ...

    async def close(self) -> None:
        """Close the connections."""


def build(site: "Environment") -> dict[str, Provider]:
    """Return the site's providers by name; one HTTP client each, made on the process's loop."""
    return {}
