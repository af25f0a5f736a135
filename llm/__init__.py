"""Every model call goes through here.

reply = await llm.run(llm.Request(messages=(llm.Message.user("Hello"),), feature="greeting"))
ticket = await llm.extract(Ticket, text, feature="tickets")         # checked data
results = await llm.map(requests, limit=8, timeout=30)               # many at a time
reply = llm.wait(llm.run(request))                                   # from code that is not async

Failures are `llm.LLMError`s; `llm.errors` names each, and every one has a `sentence` for people.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, overload

from llm import errors
from llm.errors import LLMError
from llm.mapping import Items, Mapping, OnProgress, Progress, nobody
from llm.types import (
    CachePolicy,
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

if TYPE_CHECKING:
    from llm.extraction.extract import BadExtraction, Extraction, extract
    from llm.runloop import wait

__all__ = [
    "BadExtraction",
    "CachePolicy",
    "Delta",
    "Emit",
    "Extraction",
    "LLMError",
    "Message",
    "Owner",
    "Progress",
    "PromptRef",
    "Reply",
    "Request",
    "Schema",
    "Tool",
    "ToolCall",
    "Usage",
    "discard",
    "errors",
    "extract",
    "map",
    "run",
    "wait",
]

_LATER = {  # these need Django; the local model's process must start without it
    "BadExtraction": "llm.extraction",
    "Extraction": "llm.extraction",
    "extract": "llm.extraction",
    "wait": "llm.runloop",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'llm' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)


async def run(request: Request, emit: Emit = discard) -> Reply:
    """Answer `request`, pushing deltas into `emit` as they come; works from any event loop.

    Raises LLMError. Cancelling stops the upstream, and what came until then is on the books.
    """
    from llm.client import run as answer  # the client needs Django's settings, the values above do not

    return await answer(request, emit)


@overload
async def map(  # noqa: A001 see below
    items: Items[Request],
    *,
    limit: int = ...,
    timeout: float | None = ...,
    on_progress: OnProgress = ...,
) -> list[Reply | LLMError]: ...
@overload
async def map[I, R](  # noqa: A001 see below
    items: Items[I],
    call: Callable[[I], Awaitable[R]],
    *,
    limit: int = ...,
    timeout: float | None = ...,
    on_progress: OnProgress = ...,
) -> list[R | LLMError]: ...
async def map(  # noqa: A001 it is to llm.run what map is to a function
    items: Items[Any],
    call: Callable[[Any], Awaitable[Any]] = run,
    *,
    limit: int = 8,
    timeout: float | None = None,
    on_progress: OnProgress = nobody,
) -> list[Any]:
    """Run `call`, by default `run`, over items: at most `limit` at a time, results in the items' order.

    An item that fails has its LLMError in the place of its result, one that takes longer than `timeout`
    seconds a TimedOut; the others go on. Any other error is a bug: it stops all and is raised. Items may be
    an async iterator: the next is taken when there is room for it. `on_progress`, a function or a coroutine
    function, is told of each result as it comes. Cancelling cancels all that are under way.
    """
    return await Mapping(items, call, limit=limit, timeout=timeout, on_progress=on_progress).run()
