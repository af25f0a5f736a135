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

        def bound() -> float:
            return min(request.expires, loop.time() + self.silence)

        async def alive(delta: Delta) -> None:
            timeout.reschedule(request.expires)  # a slow reader is not a slow provider
            await emit(delta)
            timeout.reschedule(bound())

        try:
            async with asyncio.timeout_at(bound()) as timeout:
                return await call(request, alive)
        except TimeoutError:
            if not timeout.expired():
                raise
            if timeout.when() == request.expires:
                raise DeadlinePassed("The answer was not whole when the time for it was over.") from None
            raise TimedOut(f"The model was silent for {self.silence:g} seconds.") from None
