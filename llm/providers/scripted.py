"""A provider that answers from a script, for the tests of those who build on Parley.

model = Scripted("Hello.", say("in ", "pieces", pause=0.1), call("search", q="x"), Overloaded())
client.use(Client({"local": model}))  # on the process's loop; layers follow, if the test wants any
assert model.requests[0].messages[-1].content == "Hi"
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from llm.errors import LLMError
from llm.estimate import input_tokens, tokens
from llm.types import Delta, Emit, Finish, Reply, Request, ToolCall, Usage

type Step = str | Say | ToolCall | tuple[ToolCall, ...] | LLMError | Callable[[Request], Step]


class ScriptExhausted(AssertionError):
    """More was asked than the script has answers for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Text in pieces; see `say`."""

    pieces: tuple[str, ...]
    pause: float
    finish: Finish
    usage: Usage | None


def say(*pieces: str, pause: float = 0, finish: Finish = "stop", usage: Usage | None = None) -> Say:
    """Return text as a step, `pause` seconds before each piece; usage is counted here unless given."""
    return Say(pieces=pieces, pause=pause, finish=finish, usage=usage)


def call(name: str, /, **arguments: Any) -> ToolCall:
    """Return a tool call as a step of a script."""
    return ToolCall(id=f"call_{name}", name=name, arguments=msgspec.json.encode(arguments).decode())


class Scripted:
    """Plays one step a call; `requests` holds what was asked, in order."""

    def __init__(self, *steps: Step, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.requests: list[Request] = []
        self._steps = list(steps)
        self._sleep = sleep

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Play the next step; raises ScriptExhausted after the last."""
        self.requests.append(request)
        if not self._steps:
            raise ScriptExhausted(f"The script has no answer for request {len(self.requests)}: {request}")
        return await self._play(self._steps.pop(0), request, emit)

    async def close(self) -> None:
        """Nothing is open."""

    async def _play(self, step: Step, request: Request, emit: Emit) -> Reply:
        match step:
            case LLMError():
                raise step
            case str():
                return await self._say(say(step), request, emit)
            case Say():
                return await self._say(step, request, emit)
            case ToolCall():
                return await self._call((step,), request, emit)
            case tuple():
                return await self._call(step, request, emit)
            case _:
                return await self._play(step(request), request, emit)

    async def _call(self, calls: tuple[ToolCall, ...], request: Request, emit: Emit) -> Reply:
        for one in calls:
            await emit(Delta(tool_call=one))
        reply = _reply(request, "".join(one.arguments for one in calls))
        return replace(reply, text="", finish="tool_calls", tool_calls=calls)

    async def _say(self, step: Say, request: Request, emit: Emit) -> Reply:
        for piece in step.pieces:
            if step.pause:
                await self._sleep(step.pause)
            await emit(Delta(text=piece))
        reply = _reply(request, "".join(step.pieces))
        return replace(reply, finish=step.finish, usage=step.usage or reply.usage)


def _reply(request: Request, output: str) -> Reply:
    usage = Usage(input_tokens=input_tokens(request), output_tokens=tokens(output))
    return Reply(text=output, model=request.model or "", finish="stop", usage=usage)
