"""Compress what sockets are sent (RFC 7692), at the price of a compressor only while something flows.

The frames of one answer are alike but for a few characters, so a window of a kilobyte makes each about as
short as its text.
"""

import math
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from websockets.exceptions import NegotiationError
from websockets.extensions import Extension, ServerExtensionFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CTRL_OPCODES, Frame, Opcode
from websockets.typing import BytesLike, ExtensionParameter

WINDOW = "10"  # bits, as the handshake says it
SMALLEST = 1  # zlib's memLevel
LARGEST_WINDOW = 15  # what a browser may use for a message of its own
HARMLESS = {"client_no_context_takeover", "client_max_window_bits"}  # what a browser may ask for
LONGEST = 64 * 1024  # bytes: compressing more at once would hold everybody else up
RARE = 1.0  # seconds between two messages: so few are not worth the memory of a compressor
EMPTY_BLOCK = 4  # bytes at the end of a message that are not sent


class Deflate(PerMessageDeflate):
    """The compression of one socket.

    A message that comes long after the last goes as it is, and lets the compressor go, as does a ping after
    which nothing was sent until the next: what the browser remembers of the old one is not referred to.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(True, True, LARGEST_WINDOW, int(WINDOW))
        self._clock = clock
        self._compressor: Any = None
        self._last = -math.inf
        self._pinged = -math.inf

    def encode(self, frame: Frame) -> Frame:
        if frame.opcode in CTRL_OPCODES:
            if frame.opcode is Opcode.PING:
                self._rest()
            return frame
        packed = self.packed(frame.data)
        return frame if packed is None else Frame(frame.opcode, packed, frame.fin, rsv1=True)

    def packed(self, data: BytesLike) -> bytes | None:
        """Return the next message as it is to be sent, or None where it goes as it is."""
        now = self._clock()
        is_rare, self._last = now - self._last > RARE, now
        if is_rare:
            self._compressor = None
        if is_rare or len(data) > LONGEST:
            return None
        if self._compressor is None:
            self._compressor = zlib.compressobj(wbits=-self.local_max_window_bits, memLevel=SMALLEST)
        packed: bytes = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return packed[:-EMPTY_BLOCK]

    def _rest(self) -> None:
        if self._last <= self._pinged:
            self._compressor = None
        self._pinged = self._clock()


class DeflateFactory(ServerExtensionFactory):
    """Agrees with those who remember what came before, as every browser does."""

    name = PerMessageDeflate.name

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], Deflate]:
        if accepted_extensions or any(name not in HARMLESS for name, _ in params):
            raise NegotiationError("this is no offer that a browser makes")
        return [("server_max_window_bits", WINDOW), ("client_no_context_takeover", None)], Deflate(
            self._clock
        )
