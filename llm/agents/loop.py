"""Observe, decide, act: carries a run from where its journal stands to its end, or until a person is asked.

Every step is written down before it begins and after it ended. What the journal refuses was taken over by
another worker, or stopped: then nothing more is done here.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from llm.agents import asking
from llm.agents.asking import Task
from llm.agents.moves import Ask, Doubt, End, Limits, Tell, Use, Wait, next_move
from llm.agents.state import Call, Record, State
from llm.agents.tool import AgentTool, Context, ToolError
from llm.agents.words import cut
from llm.errors import LLMError
from llm.models.agents import AgentRun
from llm.telemetry.spans import span
from llm.types import Reply, Request, Tab, ToolCall, Usage

logger = logging.getLogger(__name__)

PAUSES = (2.0, 15.0)  # seconds before a model that could not answer is asked again
MOST_CALLS = 8  # of one answer, which are carried out
MOST_TEXT = 200_000  # characters of an answer
UNKNOWN = "It was interrupted, and nobody knows whether it took effect."
REPEATED = "It was interrupted. Nobody knows whether it took effect, and a person decided not to do it again."
DECLINED = "A person declined this call."

type Write = Callable[[Sequence[Record], Mapping[str, Any]], Awaitable[None]]
type Model = Callable[[Request], Awaitable[Reply]]
type Permits = Callable[[AgentTool], Awaitable[bool]]


class Loop:
    """One run under way. `write` puts rows into the journal and raises LeaseLost where it is not ours."""

    def __init__(
        self,
        *,
        run: UUID,
        task: Task,
        limits: Limits,
        tools: Mapping[str, AgentTool],
        state: State,
        started: datetime,
        write: Write,
        model: Model,
        permits: Permits,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.run = run
        self.task = task
        self.limits = limits
        self.tools = tools
        self.state = state
        self.started = started
        self._write = write
        self._model = model
        self._permits = permits
        self._now = now
        self._sleep = sleep

    async def go(self) -> None:
        """Go on until the run ends or waits; raises LeaseLost."""
        while True:
            move = next_move(self.state, self.limits, self.tools, self.started, self._now())
            match move:
                case Ask(why=why):
                    await self._ask(why)
                case Use(calls=calls):
                    await self._use(calls)
                case Doubt(calls=calls):
                    for call in calls:
                        await self._note_call(call, "unknown", observation=UNKNOWN)
                case Tell(code=code, text=text):
                    await self._put(self.state.step + 1, "note", "done", {"code": code, "text": text})
                case Wait():
                    return await self._leave(status=AgentRun.Status.AWAITING)
                case End():
                    return await self._end(move)

    async def _ask(self, why: str) -> None:
        step = self.state.asking or self.state.step + 1
        request = asking.request(self.task, self.state, self.tools, final=bool(why))
        if self.state.failures:
            await self._sleep(PAUSES[min(self.state.failures, len(PAUSES)) - 1])
        await self._put(step, "model", "started", {"final": bool(why), "why": why})
        begun = time.monotonic()
        try:
            reply = await self._model(request)
        except LLMError as error:
            await self._put(step, "model", "failed", _failure(error, request.tab), summed=True)
        else:
            data = _answer(reply, request.tab, why, _since(begun))
            await self._put(step, "model", "done", data, summed=True)

    async def _use(self, calls: Sequence[Call]) -> None:
        """Carry calls out together, but those that must not happen twice one after the other."""
        ready = [call for call in calls if await self._may_run(call)]
        once = [call for call in ready if self.tools[call.name].crash == "once"]
        together = [call for call in ready if call not in once]
        try:
            async with asyncio.TaskGroup() as group:
                for call in together:
                    group.create_task(self._run(call))
        except ExceptionGroup as refused:  # by the journal: the run is another's, or was stopped
            raise refused.exceptions[0] from None
        for call in once:
            await self._run(call)

    async def _may_run(self, call: Call) -> bool:
        """Settle a call that cannot run, or that a person has to be asked about."""
        fault = await self._fault(call)
        if fault:
            await self._note_call(call, "failed", observation=fault)
            return False
        if self.tools[call.name].approval and call.approved is None and call.status == "new":
            await self._note_call(call, "waiting")
            return False
        return True

    async def _fault(self, call: Call) -> str:
        """Why a call cannot be carried out, or nothing."""
        tool = self.tools.get(call.name)
        if tool is None:
            return f"There is no tool named {call.name[:64]!r}. There are: {', '.join(self.tools)}."
        turn = self.state.last
        if turn is not None and call in turn.calls[MOST_CALLS:]:
            return f"Only {MOST_CALLS} calls at once are carried out. Call it again."
        if call.approved is False:
            return " ".join(filter(None, (_refusal(call), call.note and f"They say: {call.note}")))
        if not await self._permits(tool):
            return f"The person you work for may not use {tool.name}."
        try:
            tool.read(call.arguments)
        except ToolError as error:
            return str(error)
        return ""

    async def _run(self, call: Call) -> None:
        tool = self.tools[call.name]
        arguments = tool.read(call.arguments)
        context = Context(owner=self.task.owner, run=self.run, key=f"{self.run}:{call.step}")
        await self._note_call(call, "started")
        begun = time.monotonic()
        try:
            with span(f"execute_tool {tool.name}", _traced(call)):
                status, said = "done", await tool.use(arguments, context)
        except ToolError as error:
            status, said = "failed", str(error)
        except Exception as error:  # a tool is anybody's code
            status, said = "failed" if tool.crash != "once" else "unknown", self._mishap(tool, error)
        await self._note_call(call, status, observation=cut(said), ms=_since(begun))

    def _mishap(self, tool: AgentTool, error: Exception) -> str:
        """Say what became of a call that its tool did not foresee."""
        if isinstance(error, TimeoutError):
            return f"{tool.name} took longer than {tool.timeout:g} seconds."
        logger.error("agent.tool_failed", extra={"tool": tool.name, "run": str(self.run)}, exc_info=error)
        return f"{tool.name} failed ({type(error).__name__})."

    async def _note_call(self, call: Call, status: str, **data: Any) -> None:
        told = {"call": call.id, "tool": call.name, "arguments": call.arguments}
        await self._put(call.step, "tool", status, {**told, **data})

    async def _put(
        self, step: int, kind: str, status: str, data: Mapping[str, Any], *, summed: bool = False
    ) -> None:
        """Add a row to the state and to the journal; `summed` carries what was spent into the run's row."""
        record = Record(
            seq=self.state.seq + 1, step=step, kind=kind, status=status, data=data, at=self._now()
        )
        self.state.apply(record)
        await self._write([record], self._sum() if summed else {})

    def _sum(self) -> dict[str, Any]:
        used = self.state.usage
        return {
            "iterations": self.state.iterations,
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "cached_tokens": used.cached_tokens,
            "reasoning_tokens": used.reasoning_tokens,
            "cost": self.state.cost,
        }

    async def _end(self, end: End) -> None:
        told = {"status": end.status, "result": end.result, "code": end.code, "reason": end.reason}
        await self._leave(**told, finished_at=self._now())

    async def _leave(self, **changes: Any) -> None:
        """Let go of the run in the same write that says how it stands."""
        await self._write([], {**self._sum(), **changes, "leased_until": None})


def _answer(reply: Reply, tab: Tab, why: str, ms: int) -> dict[str, Any]:
    text, calls = asking.read(reply)
    final = bool(why)
    return {
        "text": cut(text, MOST_TEXT),
        "calls": [] if final else [_call(call, place) for place, call in enumerate(calls)],
        "opaque": reply.opaque.data if reply.opaque else None,
        "final": final,
        "why": why,
        "finish": reply.finish,
        "model": reply.model,
        **_spent(reply, tab),
        "cached": reply.cached,
        "request_id": str(reply.request_id) if reply.request_id else None,
        "ms": ms,
    }


def _spent(reply: Reply, tab: Tab) -> dict[str, Any]:
    """What an answer took: with all its attempts, or nothing if it was kept."""
    if reply.cached or tab.last is None:
        return {"usage": asdict(Usage() if reply.cached else reply.usage), "cost": _money(reply.cost)}
    return {"usage": asdict(tab.usage), "cost": _money(tab.cost)}


def _call(call: ToolCall, place: int) -> dict[str, str]:
    return {"id": call.id or f"call_{place}", "name": cut(call.name, 100), "arguments": cut(call.arguments)}


def _traced(call: Call) -> dict[str, str]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.name,
        "gen_ai.tool.call.id": call.id,
        "gen_ai.tool.type": "function",
    }


def _failure(error: LLMError, tab: Tab) -> dict[str, Any]:
    return {
        "code": error.code,
        "sentence": error.sentence,
        "retryable": error.retryable or error.elsewhere,
        "usage": asdict(tab.usage),
        "cost": _money(tab.cost),
    }


def _money(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)


def _refusal(call: Call) -> str:
    return REPEATED if call.was_unknown else DECLINED


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
