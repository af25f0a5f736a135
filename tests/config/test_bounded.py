"""What comes before a body or after it has an end, or the request has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from config.bounded import AROUND, BoundedHttp

type Ask = Callable[..., Any]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the number of bytes that the body has."""
    count, more = 0, True
    while more:
        message = await receive()
        count, more = count + len(message.get("body", b"")), message.get("more_body", False)
    headers = [(b"content-length", b"%d" % len(str(count)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(count).encode()})


@pytest.fixture
async def protocol() -> BoundedHttp:
    config = uvicorn.Config(application, log_config=None)
    config.load()
    return BoundedHttp(config, ServerState(), {})


@pytest.fixture
async def ask(protocol: BoundedHttp) -> AsyncIterator[Ask]:
    """`await ask(b"POST ...", b"more", ...)` sends all of it and returns the status and the answer."""
    server = await asyncio.get_running_loop().create_server(lambda: protocol, "127.0.0.1", 0)

    async def asked(*parts: bytes) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.writelines(parts)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        writer.close()
        return int(head.split(b" ")[1]), body

    yield asked
    server.close()
    await server.wait_closed()


START = b"POST / HTTP/1.1\r\nhost: here\r\n"
CHUNKED = START + b"transfer-encoding: chunked\r\n\r\n"
LONG = [b"x" * 1024] * 1024


async def test_a_long_body_is_taken(ask: Ask) -> None:
    length = b"content-length: %d\r\n\r\n" % sum(map(len, LONG))
    assert await ask(START, length, *LONG) == (200, b"1048576")


async def test_so_is_one_of_many_small_chunks(ask: Ask) -> None:
    chunks = [b"8\r\n12345678\r\n"] * (AROUND // 4)
    assert await ask(CHUNKED, *chunks, b"0\r\n\r\n") == (200, b"%d" % (2 * AROUND))


class Wire(asyncio.Transport):
    """Keeps what is written and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "begun",
    [b"GET /", START + b"one-header: ", CHUNKED + b"1\r\nx\r\n0\r\none-trailer: "],
    ids=["address", "header", "trailer"],
)
async def test_what_has_no_end_is_refused(protocol: BoundedHttp, begun: bytes) -> None:
    wire, sent = Wire(), 0
    protocol.connection_made(wire)
    protocol.data_received(begun)
    while not wire.closed and sent < 2 * AROUND:
        protocol.data_received(b"x" * 1024)
        sent += 1024
    assert wire.written.startswith(b"HTTP/1.1 400")
    assert wire.written.endswith(b"\r\n\r\nThe headers of the request are too long.")
    assert sent <= AROUND + 1024
    protocol.connection_lost(None)
