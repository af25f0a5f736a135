"""A provider that answers from a script; `llm.testing` puts it in the place of the real ones.

model = Scripted("Hello.", say("in ", "pieces", pause=0.1), tool_call("search", q="x"), error(Overloaded))
assert model.requests[0].messages[-1].content == "Hi"
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from llm.errors import LLMError
from llm.estimate import estimated_usage
from llm.types import Delta, Emit, Finish, Reply, Request, ToolCall, Usage

type Step = (
    str
    | Mapping[str, Any]
    | list[Any]
    | BaseModel
    | ToolCall
    | tuple[ToolCall, ...]
    | Say
    | LLMError
    | type[LLMError]
    | Written
)
type Written = Callable[[Request], Step]
type Match = str | Callable[[Request], bool]


class ScriptExhausted(AssertionError):
    """More was asked than the script has answers for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """An answer in all its parts; see `say` and `error`."""

    pieces: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    pause: float = 0
    finish: Finish = "stop"
    usage: Usage | None = None
    error: LLMError | type[LLMError] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """An answer to every request that matches; see `when`."""

    match: Match
    step: Step

    def fits(self, request: Request) -> bool:
        """Tell whether this answers the request."""
        if callable(self.match):
            return self.match(request)
        asked = [message.content for message in request.messages if message.role == "user"]
        return bool(asked) and self.match.casefold() in asked[-1].casefold()


def say(
    *pieces: str,
    calls: tuple[ToolCall, ...] = (),
    pause: float = 0,
    finish: Finish = "stop",
    usage: Usage | None = None,
) -> Say:
    """Answer with these pieces, one delta each, `pause` seconds before each, and then with tool calls.

    The tokens are estimated unless `usage` names them.
    """
    return Say(pieces=pieces, calls=calls, pause=pause, finish=finish, usage=usage)


def tool_call(name: str, /, **arguments: Any) -> ToolCall:
    """Answer with a call of a tool; several in one answer are a tuple of them."""
    return ToolCall(id="", name=name, arguments=json.dumps(arguments, default=str))


def error(kind: type[LLMError] | LLMError, *, after: str = "") -> Say:
    """Fail with that error, once the text `after` was streamed: `error(Unavailable, after="Once upon")`."""
    return Say(pieces=_words(after), error=kind)


def when(match: Match, step: Step) -> When:
    """Answer like this, as often as it is asked, when the question holds `match` or the function says so."""
    return When(match=match, step=step)


class Scripted:
    """Answers with the first `when` that fits, else with the next step in order.

    `requests` holds what was asked. A text is streamed word by word; a mapping, list or Pydantic object is
    said as JSON; tool calls of one answer are a tuple; a function is given the request and returns a step.
    """

    def __init__(
        self, *steps: Step | When, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.requests: list[Request] = []
        self.unanswered: list[Request] = []
        self._matching = [step for step in steps if isinstance(step, When)]
        self._queue = [step for step in steps if not isinstance(step, When)]
        self._called = 0
        self._sleep = sleep

    @property
    def left(self) -> tuple[Step, ...]:
        """The steps that nobody asked for yet."""
        return tuple(self._queue)

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Play a step; raises ScriptExhausted where there is none."""
        self.requests.append(request)
        return await self._play(_spelled_out(self._next(request), request), request, emit)

    async def close(self) -> None:
        """Nothing is open."""

    def _next(self, request: Request) -> Step:
        for answer in self._matching:
            if answer.fits(request):
                return answer.step
        if self._queue:
            return self._queue.pop(0)
        self.unanswered.append(request)
        asked = request.messages[-1].content[:200] if request.messages else ""
        raise ScriptExhausted(
            f"The script has no answer for request {len(self.requests)}"
            f" ({request.feature}, {request.model}): {asked!r}"
        )

    async def _play(self, step: Say, request: Request, emit: Emit) -> Reply:
        for piece in step.pieces:
            if step.pause:
                await self._sleep(step.pause)
            await emit(Delta(text=piece))
        calls = tuple(self._named(call) for call in step.calls)
        reply = _reply(step, calls, request)
        if step.error is not None:
            raise _raised(step.error, reply)
        for call in calls:
            await emit(Delta(tool_call=call))
        return reply

    def _named(self, call: ToolCall) -> ToolCall:
        self._called += 1
        return call if call.id else replace(call, id=f"call_{self._called}")


def _spelled_out(step: Step, request: Request) -> Say:
    match step:
        case Say():
            return step
        case ToolCall():
            return say(calls=(step,))
        case tuple():
            return say(calls=step)
        case LLMError():
            return Say(error=step)
        case type():
            return Say(error=step)
        case str():
            return say(*_words(step))
        case BaseModel():
            return say(*_words(step.model_dump_json()))
        case Mapping() | list():
            return say(*_words(json.dumps(step, default=str, ensure_ascii=False)))
        case _:
            return _spelled_out(step(request), request)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\S+\s*|\s+", text))


def _reply(step: Say, calls: tuple[ToolCall, ...], request: Request) -> Reply:
    text = "".join(step.pieces)
    output = text + "".join(call.arguments for call in calls)
    return Reply(
        text=text,
        model=request.model or "",
        finish="tool_calls" if calls else step.finish,
        tool_calls=calls,
        usage=step.usage or estimated_usage(request, output, None),
    )


def _raised(error: LLMError | type[LLMError], said: Reply) -> LLMError:
    failure = error() if isinstance(error, type) else error
    if said.text:
        failure.partial = said
    return failure
