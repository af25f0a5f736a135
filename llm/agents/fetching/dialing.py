"""Connections to addresses that were checked: resolved once, all judged, dialled as numbers, compared."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from llm.agents.fetching.addresses import is_public

RESOLVE = 3.0  # seconds

type Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
type Dial = Callable[[str, int, float | None], Awaitable[AsyncNetworkStream]]


class Blocked(Exception):
    """The address may not be fetched from, or is none; nobody is told which."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name; raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


async def dial(address: str, port: int, timeout: float | None) -> AsyncNetworkStream:
    """Connect to an address."""
    return await AnyIOBackend().connect_tcp(address, port, timeout=timeout)


class Guarded(AsyncNetworkBackend):
    """Opens connections for the HTTP client; raises Blocked for whatever is not public."""

    def __init__(self, resolve: Resolve = resolve, dial: Dial = dial) -> None:
        self._resolve = resolve
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address of a host all of whose addresses are public."""
        address = await self._checked(host, port)
        try:
            stream = await self._dial(address, port, timeout)
        except (ConnectError, OSError) as error:
            raise Blocked from error
        peer = stream.get_extra_info("server_addr")
        if not peer or ip_address(peer[0]) != ip_address(address):
            await stream.aclose()
            raise Blocked
        return stream

    async def _checked(self, host: str, port: int) -> str:
        try:
            async with asyncio.timeout(RESOLVE):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Blocked from error
        if not addresses or not all(map(is_public, addresses)):
            raise Blocked
        return addresses[0]
