import asyncio
import socket
from typing import Any

import uvicorn

from config.draining import Server
from config.lifespan import Lifespan
from config.listening import claim
from tests.llm.layers.fakes import until

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def page(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def asked(visitor: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(visitor, REQUEST)
    return (await loop.sock_recv(visitor, 1000))[:12]


async def visit(door: socket.socket) -> socket.socket:
    visitor = socket.socket()
    visitor.setblocking(False)
    await asyncio.get_running_loop().sock_connect(visitor, door.getsockname())
    return visitor


async def test_who_drains_leaves_new_visitors_to_the_others_and_serves_those_inside() -> None:
    draining, over = asyncio.Event(), asyncio.Event()

    async def drain(_: float) -> None:
        draining.set()
        await over.wait()

    application = Lifespan(page, on_drain=[drain])
    with claim("127.0.0.1", 0) as door:
        door.setblocking(False)
        server = Server(uvicorn.Config(application, lifespan="on"), application, shared=True)
        serving = asyncio.create_task(server.serve([door.dup()]))
        await until(lambda: server.started)
        with await visit(door) as inside:
            assert await asked(inside) == b"HTTP/1.1 204"
            server.should_exit = True
            await draining.wait()
            with await visit(door) as late:
                async with asyncio.timeout(5):
                    other, address = await asyncio.get_running_loop().sock_accept(door)
                with other:
                    assert address == late.getsockname()
            assert await asked(inside) == b"HTTP/1.1 204"
        over.set()
        await serving
