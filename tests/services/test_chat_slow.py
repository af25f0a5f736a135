"""A reader that does not read is let go, and may come back."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.services.chat_site import Site, Web
from tests.services.people import Program, Tab
from tests.wire import text

PIECES = [f"{number} {'x' * 60_000} " for number in range(300)]  # 18 MB: the system's own buffers take six
PATIENCE = 30.0  # seconds: a socket that is never closed fails the test instead of holding it


@pytest.fixture(scope="module")
def web(chat: Site) -> Iterator[Web]:
    [web] = chat.begin({"pace": {"flush": 0.001}})
    yield web
    chat.end(web)


def narrow(port: int) -> socket.socket:
    """Return a connection that takes in very little at a time."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect(("127.0.0.1", port))
    wire.setblocking(False)
    return wire


async def test_a_reader_that_never_reads_is_closed_with_1013_and_resumes(
    chat: Site, alice: Program, web: Web
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text(*PIECES, gate=gate))
    conversation = await alice.conversation(web.port)
    url = f"ws://127.0.0.1:{web.port}/ws/chat/{conversation}/"
    async with (
        Tab(alice, lambda: web.port, conversation) as tab,
        connect(
            url,
            sock=narrow(web.port),
            additional_headers=alice.headers,
            compression=None,
            max_size=None,
            max_queue=1,
            ping_interval=None,
        ) as deaf,
    ):
        await tab.ask()
        for _piece in PIECES:
            gate.let()
            await asyncio.sleep(0.001)
        await tab.until(lambda tab: tab.end)
        assert tab.text == "".join(PIECES)
        seen = await _read_to_the_end(deaf)
    assert seen < len(PIECES) / 2
    async with Tab(alice, lambda: web.port, conversation) as again:
        again.begin(tab.generation, tab.message)
        await again.resume()
        await again.until(lambda tab: tab.end)
        assert again.text == tab.text


async def _read_to_the_end(deaf: ClientConnection) -> int:
    """Read what was sent after all; returns the last flush before the close."""
    last = 0
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            async for message in deaf:
                last = json.loads(message).get("to", last)
    assert deaf.close_code == 1013
    return last
