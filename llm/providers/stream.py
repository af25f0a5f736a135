"""Read a streamed HTTP answer to its end, and say so when it has none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import aiohttp
import httpx2
import msgspec

from llm.errors import Rejected, Unavailable
from llm.providers.answer import Answer
from llm.providers.sse import EventTooLong, Splitter
from llm.providers.transport import Chunks

BROKE_OFF = "The answer broke off before it was whole. Ask again to get a new one."
GARBLED = "The provider sent something that is not an answer. Ask again."
MUCH = 8192  # bytes with one piece of text: who sends so much has more, which should not wait
DRAIN = 1.0  # seconds for the end of the body to follow the end of the answer

NETWORK = (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError)


class Turn(Protocol):
    """Takes the events of one answer. `whole`: nothing of it is missing; `done`: its last event came."""

    @property
    def answer(self) -> Answer: ...

    @property
    def whole(self) -> bool: ...

    @property
    def done(self) -> bool: ...

    def take(self, data: bytes) -> None: ...


def encode(body: dict[str, Any]) -> bytes:
    """Write the body of a request; raises Rejected for half of a surrogate pair, which is no text."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError as error:
        raise Rejected("The text holds characters that no model can read.", detail=error.reason) from error


@asynccontextmanager
async def opened(sent: Awaitable[httpx2.Response]) -> AsyncIterator[httpx2.Response]:
    """Await a response whose body is still to be read, and close it at the end."""
    response = await sent
    try:
        yield response
    finally:
        await response.aclose()


async def read(
    response: httpx2.Response, turn: Turn, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Give `turn` each event as it comes, and hand on what its answer makes of it.

    Where the request lets text gather, reading pauses after each piece of it: what came meanwhile is read
    and handed on together. Raises Unavailable where the stream ends before the answer.
    """
    chunks = response.extensions.get("chunks") or response.aiter_raw()  # asked for without compression
    splitter = Splitter()
    gather, size = turn.answer.request.gather, 0
    while not turn.done and (chunk := await _next(chunks, turn)) is not None:
        size += len(chunk)
        if await _take(_events(splitter, chunk), turn, one_by_one=not gather):
            if size < MUCH and not turn.done:
                await _pause(chunks, gather, sleep)
            size = 0
    if not turn.whole:
        kind = response.headers.get("content-type", "no type")
        raise Unavailable(BROKE_OFF, detail=f"the answer, {kind}, ended without a finish reason")
    if turn.done:
        await _drain(chunks)


async def _pause(
    chunks: AsyncIterator[bytes], seconds: float, sleep: Callable[[float], Awaitable[None]]
) -> None:
    if isinstance(chunks, Chunks):
        chunks.pause(seconds)
    else:
        await sleep(seconds)


async def _take(events: list[bytes], turn: Turn, *, one_by_one: bool) -> bool:
    """Take events, hand on what they say, also before one that is an error; True for text that may gather."""
    try:
        for data in events:
            turn.take(data)
            if one_by_one:
                await turn.answer.push()
    finally:
        spoke = await turn.answer.push()
    return spoke


async def _next(chunks: AsyncIterator[bytes], turn: Turn) -> bytes | None:
    try:
        return await anext(chunks, None)
    except NETWORK as error:
        if turn.whole:  # only the count of tokens is lost
            return None
        raise Unavailable(BROKE_OFF, detail=type(error).__name__) from error


def _events(splitter: Splitter, chunk: bytes) -> list[bytes]:
    try:
        return splitter.feed(chunk)
    except EventTooLong as error:
        raise Unavailable(GARBLED, detail=f"an event of more than {splitter.limit} bytes") from error


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read to the end of the body: a connection with bytes left in it cannot be used again."""
    with suppress(TimeoutError, *NETWORK):
        async with asyncio.timeout(DRAIN):
            while await anext(chunks, None) is not None:
                pass


def decode[T](decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decode an event; raises Unavailable where it is not what the provider's format says."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(GARBLED, detail=str(error)[:200]) from error
