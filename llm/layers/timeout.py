"""Bound a provider's silence, and the whole of the call."""

import asyncio

from llm.errors import DeadlinePassed, TimedOut
from llm.types import Delta, Emit, Handler, Reply, Request


class Timeout:
    """Give up after `silence` seconds without a sign of life, before the first token as between two,
    and when the call's own time is over."""

    def __init__(self, silence: float) -> None:
        self.silence = silence

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        loop = asyncio.get_running_loop()

        async def alive(delta: Delta) -> None:
            silence.reschedule(None)  # a slow reader is not a slow provider
            await emit(delta)
            silence.reschedule(loop.time() + self.silence)

        try:
            async with asyncio.timeout_at(request.expires) as whole, asyncio.timeout(self.silence) as silence:
                return await call(request, alive)
        except TimeoutError:
            if silence.expired():
                raise TimedOut(f"The model was silent for {self.silence:g} seconds.") from None
            if whole.expired():
                raise DeadlinePassed("The answer was not whole when the time for it was over.") from None
            raise
