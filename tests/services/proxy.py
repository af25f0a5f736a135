"""A wire that can be cut, and whose reader can fall asleep."""

import asyncio
from typing import Self


class Proxy:
    """Carries bytes to a port until they are cut; `brought` counts those that came back from it."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.brought = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._awake.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._awake.set()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def sleep(self) -> None:
        """Carry nothing in either direction: no text, no ping, no end of a connection."""
        self._awake.clear()

    def wake(self) -> None:
        """Find every connection dead, as a laptop does, and carry new ones."""
        self.cut()
        self._awake.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._awake.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        for pump in (self._pump(reader, back), self._pump(there, writer, is_back=True)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_back: bool = False
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._awake.wait()
                self.brought += is_back and len(data)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()
