"""Put every attempt on the books, whatever came of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from llm import pricing
from llm.entry import Entry
from llm.errors import LLMError, NotSetUp
from llm.estimate import estimated_usage
from llm.types import Delta, Emit, Handler, Reply, Request, Usage

type Clock = Callable[[], float]


class Meter:
    """An emit that knows when the first token came, what text came, and which usage was named."""

    __slots__ = ("_clock", "_emit", "_parts", "_started", "first_token_ms", "usage")

    def __init__(self, emit: Emit, clock: Clock) -> None:
        self._emit = emit
        self._clock = clock
        self._started = clock()
        self._parts: list[str] = []
        self.first_token_ms: int | None = None
        self.usage: Usage | None = None

    async def __call__(self, delta: Delta) -> None:
        if delta.usage is not None:
            self.usage = delta.usage
        if delta.text or delta.tool_call:
            if self.first_token_ms is None:
                self.first_token_ms = self.elapsed_ms()
            self._parts.append(delta.text or (delta.tool_call.arguments if delta.tool_call else ""))
            await self._emit(delta)

    def elapsed_ms(self) -> int:
        return round((self._clock() - self._started) * 1000)

    @property
    def text(self) -> str:
        return "".join(self._parts)


class Record:
    """Write one entry an attempt and wait until it is durable, so that no answer is unbooked."""

    def __init__(self, write: Callable[[Entry], Awaitable[None]], clock: Clock = time.monotonic) -> None:
        self.write = write
        self.clock = clock

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        meter = Meter(emit, self.clock)
        try:
            reply = await call(request, meter)
        except NotSetUp:
            raise
        except LLMError as error:
            error.partial = self._partial(request, meter, error.partial)
            await self._book(request, error.partial, error.code, str(error))
            raise
        except asyncio.CancelledError:
            await self._book(request, self._partial(request, meter, None), "stopped", "")
            raise
        except Exception as error:
            await self._book(request, self._partial(request, meter, None), "fault", repr(error))
            raise
        reply = self._timed(request, meter, reply)
        await self._book(request, reply, "ok", "")
        return reply

    async def _book(self, request: Request, reply: Reply, outcome: str, error: str) -> None:
        request.tab.add(reply)
        entry = Entry(request=request, reply=reply, outcome=outcome, error=error)
        await asyncio.shield(asyncio.ensure_future(self.write(entry)))  # a stop must not lose the row

    def _timed(self, request: Request, meter: Meter, reply: Reply) -> Reply:
        return replace(
            reply,
            cost=pricing.cost(reply.model, reply.usage),
            request_id=request.id,
            first_token_ms=meter.first_token_ms,
            total_ms=meter.elapsed_ms(),
        )

    def _partial(self, request: Request, meter: Meter, known: Reply | None) -> Reply:
        """What was received until the failure; tokens that nobody counted are estimated."""
        known = known or Reply(text=meter.text, model=request.model or "", finish="stop")
        begun = bool(known.text) or meter.usage is not None
        if known.usage == Usage() and begun:
            usage = estimated_usage(request, known.text, meter.usage)
            known = replace(known, usage=usage, estimated=True)
        return self._timed(request, meter, known)
