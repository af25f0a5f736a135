"""Compress what sockets are sent (RFC 7692), at the price of a compressor only while something flows.

The frames of one answer are alike but for a few characters, so a window of a kilobyte makes each about as
short as its text.
"""

import zlib
from collections.abc import Sequence
from typing import Any, override

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension, ServerExtensionFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CTRL_OPCODES, Frame, Opcode
from websockets.protocol import OPEN
from websockets.typing import BytesLike, ExtensionParameter

WINDOW = "10"  # bits, as the handshake says it
SMALLEST = 1  # zlib's memLevel
LARGEST_WINDOW = 15  # what a browser may use for a message of its own
HARMLESS = {"client_no_context_takeover", "client_max_window_bits"}  # what a browser may ask for
LONGEST = 64 * 1024  # bytes: compressing more at once would hold everybody else up
EMPTY_BLOCK = 4  # bytes at the end of a message that are not sent
TEXT, PACKED = 0x81, 0x40  # how a frame begins that is a whole message, and one that is compressed


class Deflate(PerMessageDeflate):
    """The compression of one socket.

    A frame that comes alone goes as it is. The second makes the compressor, and a ping after which nothing
    was sent until the next one lets it go: what the browser remembers of the old one is not referred to.
    """

    def __init__(self) -> None:
        super().__init__(True, True, LARGEST_WINDOW, int(WINDOW))
        self._compressor: Any = None
        self._sent = 0

    def encode(self, frame: Frame) -> Frame:
        if frame.opcode in CTRL_OPCODES:
            if frame.opcode is Opcode.PING:
                self._rest()
            return frame
        packed = self.packed(frame.data)
        return frame if packed is None else Frame(frame.opcode, packed, frame.fin, rsv1=True)

    def packed(self, data: BytesLike) -> bytes | None:
        """Return the next message as it is to be sent, or None where it goes as it is."""
        self._sent += 1
        if len(data) > LONGEST or (self._sent == 1 and self._compressor is None):
            return None
        if self._compressor is None:
            self._compressor = zlib.compressobj(wbits=-self.local_max_window_bits, memLevel=SMALLEST)
        packed: bytes = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return packed[:-EMPTY_BLOCK]

    def _rest(self) -> None:
        if not self._sent:
            self._compressor = None
        self._sent = 0


class DeflateFactory(ServerExtensionFactory):
    """Agrees with those who remember what came before, as every browser does."""

    name = PerMessageDeflate.name

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], Deflate]:
        if accepted_extensions or any(name not in HARMLESS for name, _ in params):
            raise NegotiationError("this is no offer that a browser makes")
        return [("server_max_window_bits", WINDOW), ("client_no_context_takeover", None)], Deflate()


EXTENSIONS = [DeflateFactory()]


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's, with this compression instead of its own, and a short way for the messages that go out."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.available_extensions = EXTENSIONS

    @override
    async def send(self, message: Any) -> None:
        text = message.get("text")
        if text is None or message["type"] != "websocket.send":
            await super().send(message)
            return
        if not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not OPEN or self.conn.writes:
            await super().send(message)
        else:
            self.transport.write(framed(text.encode(), self.conn.extensions))


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
