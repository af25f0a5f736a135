"""A line between the browser and the site that can be cut: a TCP proxy on loopback."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """Carries bytes between its own port and another, until it is cut."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self._behind = port
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._carried: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()

    def cut(self) -> None:
        """Reset every connection, and each that comes, until `mend`."""
        self._run(self._cut())

    def mend(self) -> None:
        self._is_cut = False

    def blink(self) -> None:
        """Reset every connection once."""
        self.cut()
        self.mend()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        await self._cut()
        await asyncio.gather(*self._carried, return_exceptions=True)

    async def _cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._carry(reader, writer))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, behind = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers |= {writer, behind}
        await asyncio.gather(_pump(reader, behind), _pump(there, writer))
        self._writers -= {writer, behind}

    def _run(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        writer.transport.abort()
    finally:
        writer.close()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Lay a line to a port of this machine."""
    line = Line(port)
    thread = threading.Thread(target=line._loop.run_forever, name="line")
    thread.start()
    try:
        line._run(line.open())
        yield line
        line._run(line.close())
    finally:
        line._loop.call_soon_threadsafe(line._loop.stop)
        thread.join(10)
        line._loop.close()
