"""OpenAI, and every server that speaks its chat completions.

The SDK builds, signs and sends the request; the bytes that come back are split and decoded here, because
its own objects cost fifty times as much a token.
"""

from typing import Any, cast, override

import httpx2
from openai import (
    APIConnectionError,
    APIStatusError,
    AsyncOpenAI,
    AsyncStream,
    DefaultAioHttpClient,
    OpenAIError,
)

from llm import catalog
from llm.errors import LLMError, Refused, Unavailable
from llm.providers.answer import Answer
from llm.providers.endpoint import TIMEOUT, Endpoint
from llm.providers.faults import Fault, translate, unreachable
from llm.providers.openai_wire import CHUNK, Call, Choice, Error, Piece, body
from llm.providers.stream import decode, encode, opened, read
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
        self.sdk = Quiet(
            api_key=endpoint.key or "none",  # the SDK wants one even where the server does not
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=TIMEOUT,
            default_headers=endpoint.headers,
            http_client=DefaultAioHttpClient(
                limits=endpoint.limits, timeout=TIMEOUT, trust_env=not endpoint.loopback
            ),
        )

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Answer `request`; see Provider."""
        answer = Answer(request, emit)
        with answer.kept():
            return await self._ask(request, answer)

    async def close(self) -> None:
        """Close the connections."""
        await self.sdk.close()

    async def _ask(self, request: Request, answer: Answer) -> Reply:
        turn = Turn(answer, self.endpoint)
        try:
            async with opened(self._send(request)) as response:
                answer.upstream_id = response.headers.get("x-request-id", "")
                await read(response, turn)
        except OpenAIError as error:
            raise self._translated(error, request.model or "") from error
        return await turn.end()

    async def _send(self, request: Request) -> httpx2.Response:
        """Send the body as it is: the SDK's `create` spends as much again on checking types we know."""
        model = request.model or ""
        arguments = body(request, catalog.split(model)[1], catalog.card(model), self.endpoint)
        response: Any = await self.sdk.post(  # typed as the stream that we do not ask it to make
            "/chat/completions",
            cast_to=httpx2.Response,
            content=encode(arguments),
            options={"headers": _named(request)},
            stream=True,
            stream_cls=AsyncStream[httpx2.Response],
        )
        return cast("httpx2.Response", response)

    def _translated(self, error: OpenAIError, model: str) -> LLMError:
        """The one place where this SDK's exceptions become ours."""
        if isinstance(error, APIStatusError):
            told = error.body if isinstance(error.body, dict) else {}
            fault = Fault(
                status=error.status_code,
                message=str(told.get("message") or error.message),
                codes=frozenset(str(word) for word in (error.code, error.type) if word),
                headers=error.response.headers,
            )
            return translate(fault, self.endpoint, model)
        if isinstance(error, APIConnectionError):
            return unreachable(self.endpoint, error.__cause__ or error)
        return Unavailable(detail=type(error).__name__)


def _named(request: Request) -> dict[str, str]:
    """Tell the provider our id: its support finds the request by it, even where no answer came."""
    return {"X-Client-Request-Id": request.origin.correlation_id or str(request.id)}


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
