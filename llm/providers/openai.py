"""OpenAI, and every server that speaks its chat completions.

The SDK signs the requests, and its client sends them. They are written here, and the bytes that come back
split and decoded, because its own way costs more than all the rest of a call, and its objects fifty times as
much a token.
"""

from typing import Any, override

import httpx2
import msgspec
from openai import AsyncOpenAI, DefaultAioHttpClient

from llm import catalog
from llm.errors import LLMError, Refused
from llm.providers.answer import Answer
from llm.providers.endpoint import TIMEOUT, Endpoint
from llm.providers.faults import Fault, translate, unreachable
from llm.providers.openai_wire import CHUNK, Call, Choice, Error, Piece, body
from llm.providers.stream import Body, decode, encode, read
from llm.providers.transport import client
from llm.types import Emit, Finish, Reply, Request, ToolCall


class Quiet(AsyncOpenAI):
    """The SDK without its dozen headers about this machine, which every call would carry and keep."""

    @override
    def platform_headers(self) -> dict[str, str]:
        return {}


class OpenAI:
    """Answers requests through one endpoint; its own retries are off, ours are counted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.http = client(endpoint, DefaultAioHttpClient)
        self.sdk = Quiet(
            api_key=endpoint.key or "none",  # the SDK wants one even where the server does not
            base_url=endpoint.base_url,
            default_headers=endpoint.headers,
            http_client=self.http,
        )
        self._url = httpx2.URL(f"{self.sdk.base_url}chat/completions")
        self._headers = self._signed()

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Answer `request`; see Provider."""
        answer = Answer(request, emit)
        with answer:
            return await self._ask(request, answer)

    async def close(self) -> None:
        """Close the connections."""
        await self.sdk.close()

    async def _ask(self, request: Request, answer: Answer) -> Reply:
        turn = Turn(answer, self.endpoint)
        try:
            opened = await self._opened(request, answer)
            try:
                await read(opened, turn)
            finally:
                await opened.close()
        except httpx2.RequestError as error:
            raise unreachable(self.endpoint, error) from error
        return await turn.end()

    async def _opened(self, request: Request, answer: Answer) -> Body:
        """Send, and return what is to be read; raises the error that comes in its place."""
        response = await self._send(request)
        if not response.is_success:
            try:
                raise await self._refused(response, request.model or "")
            finally:
                await response.aclose()
        answer.upstream_id = response.headers.get("x-request-id", "")
        return Body(response)

    async def _send(self, request: Request) -> httpx2.Response:
        model = request.model or ""
        arguments = body(request, catalog.split(model)[1], catalog.card(model), self.endpoint)
        sent = httpx2.Request(
            "POST",
            self._url,
            headers=[*self._headers, _named(request)],
            content=encode(arguments),
            extensions={"timeout": TIMEOUT.as_dict()},
        )
        return await self.http.send(sent, stream=True)

    def _signed(self) -> list[tuple[str, str]]:
        """Return what the SDK would send with each request: who asks, and what it says of itself."""
        headers = httpx2.Headers(self.http.headers)
        for name, value in (self.sdk.default_headers | self.sdk.auth_headers).items():
            if isinstance(value, str):
                headers[name] = value  # one by one: what an endpoint says replaces what the SDK says
        return headers.multi_items()

    async def _refused(self, response: httpx2.Response, model: str) -> LLMError:
        """Return our error for an answer that has another status than a good one."""
        await response.aread()
        told = _error(response.content)
        fault = Fault(
            status=response.status_code,
            message=str(told.get("message") or response.text),
            codes=frozenset(str(told[name]) for name in ("code", "type") if told.get(name)),
            headers=response.headers,
        )
        return translate(fault, self.endpoint, model)


def _error(body: bytes) -> dict[str, Any]:
    """Return what the server tells of an error, wherever it puts it."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError):
        return {}
    inner = told.get("error", told) if isinstance(told, dict) else None
    return inner if isinstance(inner, dict) else {}


def _named(request: Request) -> tuple[str, str]:
    """Tell the provider our id: its support finds the request by it, even where no answer came."""
    return "X-Client-Request-Id", request.origin.correlation_id or str(request.id)


class Turn:
    """Reads the chunks of one completion into an answer."""

    def __init__(self, answer: Answer, endpoint: Endpoint) -> None:
        self.answer = answer
        self.endpoint = endpoint
        self.finish = ""
        self.done = False
        self.refusal: list[str] = []
        self.calls: list[PartialCall] = []

    @property
    def whole(self) -> bool:
        return bool(self.finish)

    def take(self, data: bytes) -> None:
        """Take one chunk; raises LLMError for an error that the server sends in its place."""
        if data == b"[DONE]":
            self.done = True
            return
        chunk = decode(CHUNK, data)
        if chunk.error is not None:
            raise self._failed(chunk.error)
        self.answer.upstream_id = self.answer.upstream_id or chunk.id or ""
        if chunk.usage is not None:
            self.answer.count(chunk.usage.ours())
        for choice in chunk.choices or ():
            self._choose(choice)

    def _choose(self, choice: Choice) -> None:
        self.finish = choice.finish_reason or self.finish
        if choice.delta is not None:
            self._add(choice.delta)

    def _add(self, piece: Piece) -> None:
        if piece.content:
            self.answer.say(piece.content)
        elif piece.refusal or piece.tool_calls or piece.reasoning or piece.reasoning_content:
            self.answer.think()
        if piece.refusal:
            self.refusal.append(piece.refusal)
        for call in piece.tool_calls or ():
            self._call(call)

    def _call(self, piece: Call) -> None:
        """Add to the call with that index; some servers tell their calls apart by the id alone."""
        index = piece.index if piece.index is not None else max(0, len(self.calls) - (not piece.id))
        call = next((c for c in reversed(self.calls) if c.index == index), None)
        if call is None or (piece.id and call.id and piece.id != call.id):
            call = PartialCall(index)
            self.calls.append(call)
        call.add(piece)

    def _failed(self, error: Error | str) -> LLMError:
        told = error if isinstance(error, Error) else Error(message=error)
        return translate(told.fault(), self.endpoint, self.answer.request.model or "")

    async def end(self) -> Reply:
        """Return the reply once the stream is over; raises Refused if the model declined."""
        said = "".join(self.refusal)
        if said or self.finish == "content_filter":
            detail = said[:500] or "the provider's content filter"
            raise Refused(detail=detail, partial=self.answer.partial(said))
        finish: Finish = "length" if self.finish == "length" else "stop"
        return await self.answer.end(finish, [call.whole(self.answer.upstream_id) for call in self.calls])


class PartialCall:
    """A tool call whose arguments still come."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self._arguments: list[str] = []

    def add(self, piece: Call) -> None:
        """Add a piece; the name and the id come once, with the first."""
        self.id = self.id or piece.id or ""
        if piece.function is not None:
            self.name = self.name or piece.function.name or ""
            self._arguments.append(piece.function.arguments or "")

    def whole(self, answer_id: str) -> ToolCall:
        """Return the call; a server that gives no ids gets one made here."""
        arguments = "".join(self._arguments) or "{}"
        return ToolCall(id=self.id or f"call_{answer_id}_{self.index}", name=self.name, arguments=arguments)
