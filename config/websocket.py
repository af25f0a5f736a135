"""uvicorn's WebSocket, with our compression, less memory for each socket and a short way out for its text."""

import asyncio
from collections.abc import Sequence
from typing import Any, override

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions import Extension
from websockets.protocol import OPEN

from config.deflate import Deflate, DeflateFactory

EXTENSIONS = [DeflateFactory()]
TEXT, PACKED = 0x81, 0x40  # how a frame begins that is a whole message, and what marks a compressed one


class Protocol(WebSocketsSansIOProtocol):
    """One socket. Its attributes have slots: a dict of so many would be four times as big."""

    __slots__ = (
        *("app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer"),
        *("config", "conn", "connections", "curr_msg_data_type", "default_headers", "disconnected", "frames"),
        *("handshake_complete", "handshake_initiated", "initial_response", "last_ping_rtt", "logger"),
        *("loop", "pending_ping_payload", "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer"),
        *("pong_timer", "queue", "read_paused", "request", "response", "root_path", "scheme", "scope"),
        *("server", "tasks", "transport", "writable"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.available_extensions = EXTENSIONS
        self.queue: Any = Inbox()
        self.writable: Any = Gate()

    @override
    async def send(self, message: Any) -> None:
        text = message.get("text")
        if text is None or message["type"] != "websocket.send":
            await super().send(message)
            self._forget_handshake()
            return
        if not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not OPEN or self.conn.writes:
            await super().send(message)
        else:
            self.transport.write(framed(text.encode(), self.conn.extensions))

    def _forget_handshake(self) -> None:
        """Let go of the headers of both sides, which nobody asks for once the socket is open."""
        if self.handshake_complete and self.handshake_initiated:
            self.request.headers.clear()
            self.response.headers.clear()


class Gate:
    """asyncio's Event, set at first, without the deque that each has for those who wait."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] | None = None  # None: open

    def is_set(self) -> bool:
        """Return whether it is open."""
        return self._waiting is None

    def set(self) -> None:
        """Let all pass who wait."""
        waiting, self._waiting = self._waiting, None
        for one in waiting or ():
            if not one.done():
                one.set_result(None)

    def clear(self) -> None:
        """Let whoever comes wait."""
        if self._waiting is None:
            self._waiting = []

    async def wait(self) -> None:
        """Return once it is open."""
        if self._waiting is not None:
            passed = asyncio.get_running_loop().create_future()
            self._waiting.append(passed)
            await passed


class Inbox:
    """What came and is still to be received, by one who waits: asyncio's queue has four deques for it."""

    __slots__ = ("_filled", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[Any] = []  # reading pauses while anything does, so there are never many
        self._filled: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        """Add a message."""
        self._waiting.append(message)
        if self._filled is not None and not self._filled.done():
            self._filled.set_result(None)

    async def get(self) -> Any:
        """Return the oldest message, or wait for one."""
        while not self._waiting:
            self._filled = asyncio.get_running_loop().create_future()
            await self._filled
        return self._waiting.pop(0)

    def empty(self) -> bool:
        """Return whether none waits."""
        return not self._waiting


def framed(data: bytes, extensions: Sequence[Extension]) -> bytes:
    """Return a text message as one frame of a server (RFC 6455, section 5.2)."""
    head = TEXT
    for extension in extensions:
        if isinstance(extension, Deflate) and (packed := extension.packed(data)) is not None:
            head, data = TEXT | PACKED, packed
    size = len(data)
    if size < 126:
        return bytes((head, size)) + data
    if size < 1 << 16:
        return bytes((head, 126)) + size.to_bytes(2) + data
    return bytes((head, 127)) + size.to_bytes(8) + data
