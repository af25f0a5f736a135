"""One HTTP/1.1 connection to a provider, read only while somebody waits for what comes.

Everything about a streamed token is paid here once a token, so there is one object between the socket and
whoever reads: a parser in C, no stream of its own, no task. While nobody reads, the kernel holds what comes.
"""

import asyncio
from typing import cast

import httptools
import httpx2

MOST_HEAD = 64 * 1024  # bytes of all headers
CHUNKED = (b"transfer-encoding", b"chunked")
HUNG_UP = "The server hung up before its answer was whole."

type Headers = list[tuple[bytes, bytes]]


class Connection(asyncio.Protocol):
    """Carries one exchange after the other: `ask`, then `read` until b""; both raise TransportError."""

    def __init__(self) -> None:
        self.is_open = False
        self._parser = httptools.HttpResponseParser(self)
        self._waits: asyncio.Future[None] | None = None
        self._error: httpx2.TransportError | None = None
        self._headers: Headers = []
        self._size = 0
        self._pause = 0.0
        self._has_head = self._is_whole = self._has_end = self._keeps = False
        self._body: list[bytes] = []

    @property
    def is_free(self) -> bool:
        """Return whether the last exchange is over and another may follow it."""
        return self.is_open and self._is_whole and self._keeps and not self._body

    async def ask(self, request: bytes) -> tuple[int, Headers]:
        """Send a request and return status and headers of its answer."""
        self._size = 0
        self._has_head = self._is_whole = self._has_end = False
        self._transport.write(request)
        while not self._has_head:
            await self._news()
        headers, self._headers = self._headers, []
        return self._parser.get_status_code(), headers

    async def read(self) -> bytes:
        """Return what has come of the body since the last time, or wait for it; b"" at its end."""
        while not self._body:
            if self._is_whole:
                return b""
            await self._news()
        body, self._body = self._body, []
        return body[0] if len(body) == 1 else b"".join(body)

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        if not self._is_whole:
            self._error = self._error or httpx2.ReadError("The connection was closed here.")
        self._transport.abort()

    def pause(self, seconds: float) -> None:
        """Let what comes gather for so long before the next `read` looks."""
        self._pause = seconds

    def rest(self) -> None:
        """Hear of its end while it is nobody's."""
        self._resume()

    async def _news(self) -> None:
        if self._error is not None:
            raise self._error
        loop = asyncio.get_running_loop()
        if self._pause:
            loop.call_later(self._pause, self._resume)
            self._pause = 0.0
        else:
            self._resume()
        self._waits = loop.create_future()
        await self._waits

    def _resume(self) -> None:
        if self.is_open:
            self._transport.resume_reading()

    def _tell(self) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)

    def _fail(self, error: httpx2.TransportError) -> None:
        self._error = self._error or error
        self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        if self._is_whole:  # nobody has asked for more
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx2.RemoteProtocolError(f"The server does not speak HTTP/1.1: {error}."))
        if not self._is_whole and self.is_open:
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self._has_head and not self._has_end and error is None:
            self._is_whole = True  # an answer without a length ends with its connection
        if not self._is_whole:
            kind = httpx2.ReadError if self._has_head else httpx2.RemoteProtocolError
            self._error = self._error or kind(str(error or HUNG_UP))
        self._tell()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._size += len(name) + len(value)
        if self._size > MOST_HEAD:
            self._fail(httpx2.RemoteProtocolError("The server sends headers without an end."))
        elif not self._has_head:  # what follows the body says nothing that we need
            self._headers.append((name, value))
            name = name.lower()
            self._has_end |= name == b"content-length" or (name, value.lower()) == CHUNKED

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # a word beforehand; the answer is still to come
            self._headers = []
        elif self._error is None:
            self._has_head = True
            self._keeps = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._is_whole = self._has_head
