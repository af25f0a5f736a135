"""What a socket holds while it is open, and how it waits for a slow reader."""

import asyncio

from uvicorn import Config
from uvicorn.server import ServerState

from config.websocket import Gate, Protocol


async def nothing(scope: object, receive: object, send: object) -> None:
    """Answer nobody."""


async def test_every_attribute_of_a_socket_has_a_slot() -> None:
    config = Config(nothing, ws=Protocol, log_config=None)
    config.load()
    socket = Protocol(config, ServerState(), {})
    socket.data_received(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert socket.scope["path"] == "/"
    assert vars(socket) == {}
    [task] = socket.tasks
    task.cancel()


async def test_who_waits_at_a_gate_passes_once_it_opens() -> None:
    gate, passed = Gate(), []

    async def passes(name: str) -> None:
        await gate.wait()
        passed.append(name)

    await passes("first")
    gate.clear()
    assert not gate.is_set()
    gone, waits = asyncio.create_task(passes("gone")), asyncio.create_task(passes("second"))
    await asyncio.sleep(0)
    gate.clear()  # it is closed already, and forgets nobody
    gone.cancel()
    await asyncio.wait([gone])
    assert passed == ["first"]
    gate.set()
    await waits
    assert passed == ["first", "second"]
    assert gate.is_set()
