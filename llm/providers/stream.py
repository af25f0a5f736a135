"""Read a streamed HTTP answer to its end, and say so when it has none."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
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


class Body:
    """The body of an answer, piece by piece, as it was sent: it was asked for without compression.

    Whoever has it needs the response no more, which holds the headers of both sides. `kind` is its type.
    """

    def __init__(
        self, response: httpx2.Response, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        chunks: Chunks | None = response.extensions.get("chunks")  # where they came over our own transport
        self.kind: str = response.headers.get("content-type", "no type")
        self.close = response.aclose if chunks is None else chunks.aclose
        self._chunks = chunks
        self._pieces = response.aiter_raw() if chunks is None else chunks
        self._sleep = sleep

    async def next(self) -> bytes:
        """Return the next piece, b"" at the end; raises one of NETWORK."""
        return await anext(self._pieces, b"")

    async def pause(self, seconds: float) -> None:
        """Let what comes gather for so long before the next piece."""
        if self._chunks is None:
            await self._sleep(seconds)
        else:
            self._chunks.pause(seconds)


async def read(body: Body, turn: Turn) -> None:
    """Give `turn` each event as it comes, and hand on what its answer makes of it.

    Where the request lets text gather, reading pauses after each piece of it: what came meanwhile is read
    and handed on together. Raises Unavailable where the stream ends before the answer.
    """
    splitter = Splitter()
    gather, size = turn.answer.request.gather, 0
    while not turn.done and (piece := await _next(body, turn)):
        size += len(piece)
        if await _take(_events(splitter, piece), turn, one_by_one=not gather):
            if size < MUCH and not turn.done:
                await body.pause(gather)
            size = 0
    if not turn.whole:
        raise Unavailable(BROKE_OFF, detail=f"the answer, {body.kind}, ended without a finish reason")
    if turn.done:
        await _drain(body)


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


async def _next(body: Body, turn: Turn) -> bytes:
    try:
        return await body.next()
    except NETWORK as error:
        if turn.whole:  # only the count of tokens is lost
            return b""
        raise Unavailable(BROKE_OFF, detail=type(error).__name__) from error


def _events(splitter: Splitter, chunk: bytes) -> list[bytes]:
    try:
        return splitter.feed(chunk)
    except EventTooLong as error:
        raise Unavailable(GARBLED, detail=f"an event of more than {splitter.limit} bytes") from error


async def _drain(body: Body) -> None:
    """Read to the end of the body: a connection with bytes left in it cannot be used again."""
    with suppress(TimeoutError, *NETWORK):
        async with asyncio.timeout(DRAIN):
            while await body.next():
                pass


def decode[T](decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decode an event; raises Unavailable where it is not what the provider's format says."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(GARBLED, detail=str(error)[:200]) from error
