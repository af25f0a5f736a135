"""What the SDKs' clients send through: connections of our own, kept for the next call.

The transport that comes with the SDKs spends as much on a streamed token as all the rest of us.
"""

import asyncio
import socket
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Self, override

import aiohappyeyeballs
import httpx2

from llm.providers.connection import Connection
from llm.providers.endpoint import TIMEOUT, Endpoint

SECOND_TRY = 0.25  # seconds until another address of the same host is tried beside the first
KNOWN = 10.0  # seconds for which an address that was looked up is taken for true

type Origin = tuple[str, str, int]  # scheme, host, port


def client(endpoint: Endpoint, theirs: Callable[..., httpx2.AsyncClient]) -> httpx2.AsyncClient:
    """Return the client of an endpoint; it is `theirs`, an SDK's, where a proxy or a recorder is between."""
    if endpoint.recorded or endpoint.proxied:
        return theirs(limits=endpoint.limits, timeout=TIMEOUT, trust_env=endpoint.proxied)
    transport = Transport(endpoint.keepalive)
    return httpx2.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=True, trust_env=False)


class Transport(httpx2.AsyncBaseTransport):
    """Keeps each connection for `keepalive` seconds; lives on one event loop.

    The pieces of an answer's body, as they come and undecoded, are its stream, and `chunks` in its
    extensions: whoever reads there has nothing in between. Raises httpx2.TransportError.
    """

    def __init__(self, keepalive: float = 0) -> None:
        self._keepalive = keepalive
        self._kept: defaultdict[Origin, deque[tuple[float, Connection]]] = defaultdict(deque)
        self._sweep: asyncio.TimerHandle | None = None
        self._addresses: dict[Origin, tuple[float, list[Any]]] = {}
        self._tls: ssl.SSLContext | None = None

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        origin = _origin(request.url)
        connection = self._take(origin) or await self._opened(origin, request)
        try:
            status, headers = await connection.ask(_written(request))
        except BaseException:
            connection.close()
            raise
        chunks = Chunks(self, origin, connection)
        return httpx2.Response(status, headers=headers, stream=chunks, extensions={"chunks": chunks})

    @override
    async def aclose(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for kept in self._kept.values():
            for _, connection in kept:
                connection.close()
        self._kept.clear()

    def release(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection for the next call, or close one that is not fit for it."""
        if not self._keepalive or not connection.is_free:
            connection.close()
            return
        connection.rest()
        self._kept[origin].append((time.monotonic() + self._keepalive, connection))
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._keepalive, self._expire)

    def _take(self, origin: Origin) -> Connection | None:
        """Return the connection that was used last, of those that are still open."""
        kept = self._kept[origin]
        while kept:
            _, connection = kept.pop()
            if connection.is_open:
                return connection
        return None

    def _expire(self) -> None:
        """Close what nobody has used for long."""
        now, self._sweep = time.monotonic(), None
        for kept in self._kept.values():
            while kept and (kept[0][0] <= now or not kept[0][1].is_open):
                kept.popleft()[1].close()
        if any(self._kept.values()):
            self._sweep = asyncio.get_running_loop().call_later(self._keepalive, self._expire)

    async def _opened(self, origin: Origin, request: httpx2.Request) -> Connection:
        seconds = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(seconds):
                return await self._connected(*origin)
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(f"No connection within {seconds} seconds.") from error
        except OSError as error:
            raise httpx2.ConnectError(str(error)) from error

    async def _connected(self, scheme: str, host: str, port: int) -> Connection:
        addresses = await self._addresses_of((scheme, host, port))
        found = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=SECOND_TRY)
        is_secret = scheme == "https"
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection,
                sock=found,
                ssl=self._context() if is_secret else None,
                server_hostname=host if is_secret else None,
            )
        except BaseException:
            found.close()
            raise
        return connection

    async def _addresses_of(self, origin: Origin) -> list[Any]:
        known, addresses = self._addresses.get(origin, (0.0, []))
        if (now := time.monotonic()) >= known:
            _, host, port = origin
            loop = asyncio.get_running_loop()
            addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self._addresses[origin] = (now + KNOWN, addresses)
        return addresses

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx2.create_ssl_context()
        return self._tls


class Chunks(httpx2.AsyncByteStream):
    """The body of one answer, piece by piece; closing it gives the connection back or hangs up."""

    def __init__(self, transport: Transport, origin: Origin, connection: Connection) -> None:
        self._transport = transport
        self._origin = origin
        self._connection: Connection | None = connection

    @override
    def __aiter__(self) -> Self:
        return self

    def pause(self, seconds: float) -> None:
        """Let what comes gather for so long before the next piece."""
        if self._connection:
            self._connection.pause(seconds)

    async def __anext__(self) -> bytes:
        piece = await self._connection.read() if self._connection else b""
        if not piece:
            raise StopAsyncIteration
        return piece

    @override
    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport.release(self._origin, connection)


def _origin(url: httpx2.URL) -> Origin:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _written(request: httpx2.Request) -> bytes:
    """Return a request as it goes over the wire; it has a host and a length already."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    return b"\r\n".join([*lines, b"", request.content])
