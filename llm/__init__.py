"""Every model call goes through here: `await llm.run(llm.Request(...))`."""

from typing import TYPE_CHECKING, Any

from llm.errors import LLMError
from llm.types import (
    Delta,
    Emit,
    Message,
    Owner,
    PromptRef,
    Reply,
    Request,
    Schema,
    Tool,
    ToolCall,
    Usage,
    discard,
)

__all__ = [
    "Delta",
    "LLMError",
    "Message",
    "Owner",
    "PromptRef",
    "Reply",
    "Request",
    "Schema",
    "Tool",
    "ToolCall",
    "Usage",
    "discard",
    "extract",
    "run",
]

if TYPE_CHECKING:
    from llm.extraction import extract


def __getattr__(name: str) -> Any:
    """Load `extract` at its first use: it needs Django's settings, the values above do not."""
    if name != "extract":
        raise AttributeError(name)
    from llm.extraction import extract

    return extract


async def run(request: Request, emit: Emit = discard) -> Reply:
    """Answer `request`, pushing deltas into `emit` as they come; works from any event loop.

    Raises LLMError. Cancelling stops the upstream, and what came until then is on the books.
    """
    from llm.client import run as answer  # the client needs Django's settings, the values above do not

    return await answer(request, emit)
