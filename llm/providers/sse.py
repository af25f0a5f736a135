"""Server-sent events, split from bytes that may be cut anywhere. Only the data is kept."""


class EventTooLong(ValueError):
    """An event outgrew the buffer."""


class Splitter:
    """Feed it chunks; it returns the data of each event that became whole, its lines joined by newlines.

    Knows the three line ends, comments and fields of the specification. `limit` bounds, in bytes, what is
    held of an unfinished event.
    """

    def __init__(self, limit: int = 1 << 20) -> None:
        self.limit = limit
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that end in this chunk; raises EventTooLong."""
        events: list[bytes] = []
        *lines, rest = self._lines(chunk)
        if lines and self._line:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        for line in lines:
            self._take(line, events)
        self._line += rest
        if self._size + len(self._line) > self.limit:
            raise EventTooLong
        return events

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Cut at CR, LF and CRLF; the last piece has no end yet."""
        if self._after_cr:
            chunk, self._after_cr = chunk.removeprefix(b"\n"), not chunk
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk.split(b"\n")

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
            self._size += len(line)
        elif not line and self._data:
            events.append(b"\n".join(self._data))
            self._data.clear()
            self._size = 0
