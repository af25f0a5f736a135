"""One call that many wait for: readers join and leave it, and change nothing for each other."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

from llm.layers.sent import is_read
from llm.types import Delta, Emit, Reply


async def nobody() -> bool:
    """Say that a flight has no readers but those that joined it here."""
    return False


class Flight:
    """Runs `call` in a task of its own; the last reader to leave cancels it, its failure is everybody's.

    It is the emit of its call. `seen` is whether any of it has reached a reader, `read_elsewhere` tells
    whether another process has readers of it.
    """

    def __init__(self, call: Callable[["Flight"], Awaitable[Reply]]) -> None:
        self.seen = False
        self.read_elsewhere = nobody
        self._kept: list[str | Delta] = []  # text alone costs a quarter of the delta that it came in
        self._readers = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.task = asyncio.create_task(self._fly(call))
        self.task.add_done_callback(self._landed)

    @property
    def stopping(self) -> bool:
        """True once it was cancelled: who comes now needs another."""
        return self.task.cancelling() > 0

    async def __call__(self, delta: Delta) -> None:
        self._kept.append(delta.text if delta.is_text else delta)
        self._tell()

    def restart(self) -> None:
        """Forget what came so far; only while nobody has seen it."""
        self._kept.clear()

    async def join(self, emit: Emit) -> Reply:
        """Push what has come so far and all that comes into `emit`, then return the reply or raise."""
        self._readers += 1
        try:
            if is_read(emit):
                await self._read(emit)
            return await asyncio.shield(self.task)
        finally:
            self._readers -= 1
            if await self.cancel_unread():
                await asyncio.wait([self.task])  # what was stopped is on the books before its reader goes on

    async def cancel_unread(self) -> bool:
        """Cancel the call if nobody waits for it any more; returns whether it was cancelled."""
        if self._wanted() or await self.read_elsewhere() or self._wanted():
            return False
        if not self.stopping:  # a second one would hurry what books the first
            self.task.cancel()
        return True

    def _wanted(self) -> bool:
        return self._readers > 0 or self.task.done()

    async def _fly(self, call: Callable[["Flight"], Awaitable[Reply]]) -> Reply:
        return await call(self)

    async def _read(self, emit: Emit) -> None:
        read = 0
        while True:
            while read < len(self._kept):
                self.seen = True
                delta, read = self._from(read)
                await emit(delta)
            if self.task.done():
                return
            news = asyncio.get_running_loop().create_future()
            self._waiting.append(news)  # nothing has come since the look above: nothing was awaited
            await news

    def _from(self, read: int) -> tuple[Delta, int]:
        """Return what follows the first `read` pieces, texts as one delta, and how many are read then."""
        texts: list[str] = []
        for piece in islice(self._kept, read, None):
            if isinstance(piece, Delta):
                return (Delta(text="".join(texts)), read + len(texts)) if texts else (piece, read + 1)
            texts.append(piece)
        return Delta(text="".join(texts)), read + len(texts)

    def _landed(self, task: "asyncio.Future[Reply]") -> None:
        self._tell()
        if not task.cancelled():
            task.exception()  # the readers have it; without any nobody misses it

    def _tell(self) -> None:
        """Wake every reader that waits."""
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)
