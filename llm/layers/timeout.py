"""Bound a provider's silence, and the whole of the call."""

import asyncio
import math

from llm.errors import DeadlinePassed, TimedOut
from llm.types import Delta, Emit, Handler, Reply, Request


class Timeout:
    """Give up after `silence` seconds without a sign of life, before the first token as between two,
    and when the call's own time is over."""

    def __init__(self, silence: float) -> None:
        self.silence = silence

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        try:
            async with asyncio.timeout(None) as timeout:
                listening = Listening(emit, self.silence, request.expires, timeout)
                try:
                    return await call(request, listening)
                finally:
                    listening.end()
        except TimeoutError:
            if not timeout.expired():
                raise
            if not listening.gave_up:
                raise DeadlinePassed("The answer was not whole when the time for it was over.") from None
            raise TimedOut(f"The model was silent for {self.silence:g} seconds.") from None


class Listening:
    """An emit that ends `timeout` after `silence` seconds in which nothing came, or when it `expires`.

    Its one timer asks how long ago the last sign of life was; to set another for each would cost more than
    to hand it on.
    """

    __slots__ = ("_emit", "_expires", "_heard", "_now", "_silence", "_timeout", "_timer", "gave_up")

    def __init__(self, emit: Emit, silence: float, expires: float, timeout: asyncio.Timeout) -> None:
        self.gave_up = False
        self._emit = emit
        self._silence = silence
        self._expires = expires
        self._timeout = timeout
        self._now = asyncio.get_running_loop().time
        self._heard = self._now()
        self._timer = self._look_at(self._heard + silence)

    async def __call__(self, delta: Delta) -> None:
        self._heard = math.inf  # a slow reader is not a slow provider
        await self._emit(delta)
        self._heard = self._now()

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._now()
        silent = now - self._heard
        if silent >= self._silence or now >= self._expires:
            self.gave_up = now < self._expires
            self._timeout.reschedule(now)
        else:
            self._timer = self._look_at(now + self._silence - max(silent, 0.0))

    def _look_at(self, moment: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(min(moment, self._expires), self._look)
