"""A test's hand on a server's stream."""

import asyncio


class Gate:
    """Holds back each delta of an answer until `let(n)` or `open()`; call both from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._free = asyncio.Semaphore(0)
        self._open = asyncio.Event()

    def let(self, deltas: int = 1) -> None:
        """Let that many deltas pass."""
        for _ in range(deltas):
            self._loop.call_soon_threadsafe(self._free.release)

    def open(self) -> None:
        """Let all pass from now on."""
        self._loop.call_soon_threadsafe(self._open.set)
        self.let()  # whoever waits now

    async def passed(self) -> None:
        """Wait for leave; the server calls this."""
        if not self._open.is_set():
            await self._free.acquire()
        if self._open.is_set():
            self._free.release()  # for the next who waits
