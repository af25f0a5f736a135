"""Anthropic's messages. As with OpenAI the SDK sends, and the bytes that come back are read here."""

from dataclasses import replace
from typing import Any, cast, override

import httpx2
import msgspec
from anthropic import (
    AnthropicError,
    APIConnectionError,
    APIStatusError,
    AsyncAnthropic,
    AsyncStream,
    DefaultAioHttpClient,
)

from llm import catalog
from llm.errors import LLMError, Refused, Unavailable
from llm.providers.answer import Answer
from llm.providers.anthropic_wire import EVENT, Block, Event, Piece, StopDetails, Usage, as_object, body
from llm.providers.endpoint import TIMEOUT, Endpoint
from llm.providers.faults import Fault, translate, unreachable
from llm.providers.stream import Body, decode, encode, read
from llm.providers.transport import client
from llm.types import Emit, Finish, Opaque, Reply, Request, ToolCall
from llm.types import Usage as Spent

PAUSES = 3  # how often an answer may be continued
THOUGHTS = {"thinking", "redacted_thinking"}


class Quiet(AsyncAnthropic):
    """The SDK without its dozen headers about this machine, which every call would carry and keep."""

    @override
    def platform_headers(self) -> dict[str, str]:
        return {}


class Anthropic:
    """Answers requests through one endpoint; its own retries are off, ours are counted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.sdk = Quiet(
            api_key=endpoint.key or "none",  # the SDK wants one even where the server does not
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=TIMEOUT,
            default_headers=endpoint.headers,
            http_client=client(endpoint, DefaultAioHttpClient),
        )

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Answer `request`; see Provider."""
        answer = Answer(request, emit)
        with answer:
            turn = await self._ask(request, answer)
            return await turn.end()

    async def close(self) -> None:
        """Close the connections."""
        await self.sdk.close()

    async def _ask(self, request: Request, answer: Answer) -> "Turn":
        """Ask, and again with what came so far while the model only paused."""
        model = request.model or ""
        arguments = body(request, catalog.split(model)[1], catalog.card(model))
        before: Turn | None = None
        for _ in range(PAUSES + 1):
            turn = Turn(answer, self.endpoint, before)
            await self._read(arguments, turn, model)
            if turn.stop_reason != "pause_turn":
                return turn
            said = {"role": "assistant", "content": turn.content()}
            arguments["messages"] = [*arguments["messages"], said]
            before = turn
        raise Unavailable(f"{self.endpoint.title} paused its answer too often. Ask again.")

    async def _read(self, arguments: dict[str, Any], turn: "Turn", model: str) -> None:
        try:
            opened = await self._opened(arguments, turn.answer)
            try:
                await read(opened, turn)
            finally:
                await opened.close()
        except AnthropicError as error:
            raise self._translated(error, model) from error

    async def _opened(self, arguments: dict[str, Any], answer: Answer) -> Body:
        response = await self._send(arguments)
        answer.upstream_id = response.headers.get("request-id", "")
        return Body(response)

    async def _send(self, arguments: dict[str, Any]) -> httpx2.Response:
        """Send the body as it is: the SDK's `create` spends as much again on checking types we know."""
        response: Any = await self.sdk.post(  # typed as the stream that we do not ask it to make
            "/v1/messages",
            cast_to=httpx2.Response,
            content=encode(arguments),
            stream=True,
            stream_cls=AsyncStream[httpx2.Response],
        )
        return cast("httpx2.Response", response)

    def _translated(self, error: AnthropicError, model: str) -> LLMError:
        """The one place where this SDK's exceptions become ours."""
        if isinstance(error, APIStatusError):
            codes = frozenset(word for word in (error.error_code, error.type) if word)
            fault = Fault(
                status=error.status_code,
                message=error.api_message or error.message,
                codes=codes,
                headers=error.response.headers,
            )
            return translate(fault, self.endpoint, model)
        if isinstance(error, APIConnectionError):
            return unreachable(self.endpoint, error.__cause__ or error)
        return Unavailable(detail=type(error).__name__)


class Turn:
    """Reads the events of one message into an answer; `before` is the turn that paused."""

    def __init__(self, answer: Answer, endpoint: Endpoint, before: "Turn | None") -> None:
        self.answer = answer
        self.endpoint = endpoint
        self.stop_reason = ""
        self.stop_details: StopDetails | None = None
        self.done = False
        self.usage = Usage()
        self.earlier = before.spent if before else Spent()
        self.before: list[Block] = [*before.before, *before.content()] if before else []
        self.blocks: dict[int, GrowingBlock] = {}

    @property
    def whole(self) -> bool:
        return bool(self.stop_reason)

    @property
    def spent(self) -> Spent:
        """What this turn and those before it used."""
        return self.earlier + self.usage.ours()

    def take(self, data: bytes) -> None:
        """Take one event; raises LLMError for an error that the server sends in its place."""
        event = decode(EVENT, data)
        match event.type:
            case "content_block_delta" if event.delta:
                self._add(event.index, event.delta)
            case "content_block_start" if event.content_block:
                self._start(event.index, event.content_block)
            case "message_start" if event.message:
                self.answer.upstream_id = self.answer.upstream_id or event.message.id or ""
                self.usage = event.message.usage or Usage()
                self.answer.announce(self.spent)
            case "message_delta":
                self._stop(event)
            case "message_stop":
                self.done = True
            case "error" if event.error:
                raise translate(event.error.fault(), self.endpoint, self.answer.request.model or "")

    def _start(self, index: int, block: Block) -> None:
        self.blocks[index] = GrowingBlock(block)
        if text := block.get("text"):
            self.answer.say(str(text))
        else:
            self.answer.think()

    def _add(self, index: int, piece: Piece) -> None:
        block = self.blocks.setdefault(index, GrowingBlock({"type": "text"}))
        block.add(piece)
        if piece.text:
            self.answer.say(piece.text)
        else:
            self.answer.think()

    def _stop(self, event: Event) -> None:
        if event.delta is not None:
            self.stop_reason = event.delta.stop_reason or self.stop_reason
            self.stop_details = event.delta.stop_details
        if event.usage is not None:
            self.usage = event.usage.over(self.usage)
            self.answer.count(self.spent)

    def content(self) -> list[Block]:
        """Return the message's blocks as they came, to send them back."""
        return [block.whole() for _, block in sorted(self.blocks.items())]

    async def end(self) -> Reply:
        """Return the reply once the stream is over; raises Refused if the model declined."""
        if self.stop_reason == "refusal":
            told = self.stop_details or StopDetails()
            raise Refused(detail=(told.explanation or told.category or "")[:500])
        cut = self.stop_reason in {"max_tokens", "model_context_window_exceeded"}
        finish: Finish = "length" if cut else "stop"
        calls = [b.call() for _, b in sorted(self.blocks.items()) if b.start.get("type") == "tool_use"]
        return replace(await self.answer.end(finish, calls), opaque=None if cut else self._opaque())

    def _opaque(self) -> Opaque | None:
        """Return the blocks of an answer with thoughts: they are demanded back with a tool's result."""
        blocks = [*self.before, *self.content()]
        if not any(block.get("type") in THOUGHTS for block in blocks):
            return None
        model = self.answer.request.model or ""
        return Opaque(model=model, data=msgspec.json.encode(blocks).decode())


class GrowingBlock:
    """A content block whose text, thought or arguments still come."""

    def __init__(self, start: Block) -> None:
        self.start = start
        self._parts: list[str] = []
        self._signature = ""

    def add(self, piece: Piece) -> None:
        """Add a delta, whichever of its fields it fills."""
        self._parts.append(piece.text or piece.thinking or piece.partial_json or "")
        self._signature += piece.signature or ""

    def call(self) -> ToolCall:
        """Return the block as a tool call."""
        arguments = "".join(self._parts) or msgspec.json.encode(self.start.get("input") or {}).decode()
        return ToolCall(id=str(self.start.get("id")), name=str(self.start.get("name")), arguments=arguments)

    def whole(self) -> Block:
        """Return the block as the format wants it back."""
        grown = "".join(self._parts)
        match self.start.get("type"):
            case "text":
                return self.start | {"text": self.start.get("text", "") + grown}
            case "thinking":
                signature = self._signature or self.start.get("signature", "")
                return self.start | {"thinking": grown, "signature": signature}
            case _ if grown:
                return self.start | {"input": as_object(grown)}
        return self.start
