"""A piece of the web on loopback: names, the addresses that they have, and what is answered there.

    with Web() as web:
        web.serve("example.org", page("<p>Hello</p>"))
        await Fetcher(resolve=web.resolve, dial=web.dial).get("http://example.org/")

Every public address leads to this one server; `peer` is what the connection then claims to be at.
"""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, Self

from httpcore2 import AnyIOBackend, AsyncNetworkStream

PUBLIC = "93.184.216.34"


def page(html: str, *, status: int = 200, **headers: str) -> bytes:
    """Return a whole answer; `content_type="..."` and the like are headers."""
    body = html.encode()
    fields = {"content_type": "text/html; charset=utf-8", "content_length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status} OK", *lines, "", ""]).encode() + body


def moved(to: str) -> bytes:
    """Return an answer that leads elsewhere."""
    return page("", status=302, location=to)


class Web:
    """A server that answers a host with bytes; after `stall` it says no more."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dialled: list[str] = []
        self.addresses: dict[str, Sequence[str]] = {}
        self.peer = ""
        self._answers: dict[str, tuple[bytes, bool]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="web", daemon=True)

    def serve(self, host: str, answer: bytes, *, address: str = PUBLIC, stall: bool = False) -> None:
        """Answer all requests to a host."""
        self._answers[host] = answer, stall
        self.addresses.setdefault(host, [address])

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return what the host's name stands for; raises OSError for an unknown one."""
        if host not in self.addresses:
            raise OSError(f"{host} is unknown")
        return self.addresses[host]

    async def dial(self, address: str, port: int, timeout: float | None) -> AsyncNetworkStream:
        """Connect to the server and claim to have reached `address`."""
        self.dialled.append(address)
        stream = await AnyIOBackend().connect_tcp("127.0.0.1", self._port, timeout=timeout)
        return _At(stream, self.peer or address)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *rest: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        await asyncio.sleep(0.01)  # for the transports to close

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(request)
            host = request.lower().partition("host: ")[2].split("\r\n")[0].partition(":")[0]
            answer, stall = self._answers[host]
            writer.write(answer)
            await writer.drain()
            if stall:
                await asyncio.Event().wait()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client hung up
        finally:
            writer.close()


class _At(AsyncNetworkStream):
    """A connection that says of itself where it leads."""

    def __init__(self, stream: AsyncNetworkStream, peer: str) -> None:
        self._stream = stream
        self._peer = peer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return (self._peer, 80) if info == "server_addr" else self._stream.get_extra_info(info)
