"""POST /v1/chat/completions and GET /v1/models."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

import llm
from llm.errors import LLMError, Refused
from llm.gateway import models
from llm.gateway.errors import BadRequest, error_body, told
from llm.gateway.replies import DONE, Shape, broken
from llm.gateway.requests import Completion, read, translate
from llm.idempotency import BadKey, KeyTaken, named, once
from llm.keyring import opened_by
from llm.money import money
from llm.types import CachePolicy, Delta, Owner, Reply, Request

type View = Callable[[HttpRequest, Owner], Awaitable[HttpResponseBase]]


def with_key(*methods: str) -> Callable[[View], Callable[..., Any]]:
    """Let only holders of a key in, and tell errors in OpenAI's shape."""

    def wrap(view: View) -> Callable[..., Any]:
        @wraps(view)
        async def guarded(request: HttpRequest) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise BadRequest(
                        f"Use {' or '.join(methods)} here.", status=405, code="method_not_allowed"
                    )
                return await view(request, await _owner(request))
            except Exception as error:
                return told(error)

        return csrf_exempt(guarded)

    return wrap


def idempotent(view: View) -> View:
    """Carry a request with an Idempotency-Key out once."""

    @wraps(view)
    async def guarded(request: HttpRequest, owner: Owner) -> HttpResponseBase:
        async def work() -> HttpResponseBase:
            try:
                return await view(request, owner)
            except Exception as error:
                return told(error)

        try:
            call = named(request, owner)
            return await (once(call, work) if call else view(request, owner))
        except (BadKey, KeyTaken) as error:
            status = 400 if isinstance(error, BadKey) else error.status
            raise BadRequest(error.sentence, status=status, code=error.code) from error

    return guarded


async def _owner(request: HttpRequest) -> Owner:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    opened = await opened_by(key.strip()) if scheme.lower() == "bearer" else None
    if opened is None:
        raise BadRequest(
            "Send a valid Parley key: Authorization: Bearer parley_...", status=401, code="unauthenticated"
        )
    await opened.used()
    return Owner(user_id=opened.user_id, key_id=opened.pk)


@with_key("GET")
async def list_models(request: HttpRequest, owner: Owner) -> HttpResponseBase:
    """List the models that can be asked."""
    return JsonResponse({"object": "list", "data": models.listed()})


@with_key("POST")
@idempotent
async def complete(request: HttpRequest, owner: Owner) -> HttpResponseBase:
    """Answer a chat completion, streamed or whole."""
    completion, options = read(request.body)
    asked = translate(completion, options, owner, _cache(request))
    asked = await models.choose(asked, completion.model)
    if completion.stream:
        return await _streamed(asked, completion)
    shape = Shape.of(asked.id, "")
    try:
        reply = await llm.run(asked)
    except Refused as error:
        return _headed(JsonResponse(Shape.of(asked.id, asked.tab.model).refused(error)), asked, None)
    shape = Shape.of(asked.id, reply.model)
    return _headed(JsonResponse(shape.whole(reply)), asked, reply)


def _cache(request: HttpRequest) -> CachePolicy:
    """`Cache-Control: no-store` keeps out of the cache, `no-cache` asks anew and refreshes it."""
    wishes = {wish.strip().lower() for wish in request.headers.get("Cache-Control", "").split(",")}
    return CachePolicy(ttl=0 if "no-store" in wishes else None, read="no-cache" not in wishes)


async def _streamed(asked: Request, completion: Completion) -> HttpResponseBase:
    """Wait for the first sign of an answer, so that a failure before it has its own status."""
    stream = Stream(asked)
    first = await stream.next()
    if isinstance(first, LLMError) and not isinstance(first, Refused):
        raise first
    with_usage = completion.stream_options is not None and completion.stream_options.include_usage
    body = stream.events(first, with_usage=with_usage)
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return _headed(response, asked, first if isinstance(first, Reply) else None)


def _headed(response: Any, asked: Request, reply: Reply | None) -> HttpResponseBase:
    response["x-request-id"] = asked.origin.correlation_id or str(asked.id)
    response["x-parley-model"] = asked.tab.model
    response["x-parley-cache"] = asked.tab.cache
    if reply and reply.passed_over:
        passed = ", ".join(f"{one.model} {one.code}" for one in reply.passed_over)
        response["x-parley-passed-over"] = passed
    cost = money(reply.cost) if reply else ("0" if asked.tab.cache == "hit" else None)
    if cost is not None:
        response["x-parley-cost"] = cost
    headed: HttpResponseBase = response
    return headed


class Stream:
    """A call in a task of its own, and what it pushes; when nobody reads any more, the call is cancelled."""

    def __init__(self, asked: Request) -> None:
        self.asked = asked
        self._pushed: asyncio.Queue[Delta | Reply | LLMError] = asyncio.Queue(
            maxsize=64
        )  # a slow reader slows the call
        self._task = asyncio.create_task(self._run())

    async def next(self) -> Delta | Reply | LLMError:
        """Return the next delta, and at last the reply or the error."""
        try:
            return await self._pushed.get()
        except asyncio.CancelledError:
            await self.close()
            raise

    async def events(self, first: Delta | Reply | LLMError, *, with_usage: bool) -> AsyncIterator[bytes]:
        """Yield server-sent events to the end of the answer."""
        shape = Shape.of(self.asked.id, self.asked.tab.model)
        try:
            yield shape.begin()
            calls, item = 0, first
            while isinstance(item, Delta):
                if item.tool_call is not None:
                    yield shape.call(item.tool_call, calls)
                    calls += 1
                elif item.text:
                    yield shape.text(item.text)
                item = await self._pushed.get()
            yield _last(shape, item, with_usage=with_usage)
        finally:
            await self.close()

    async def close(self) -> None:
        """End the call, if it has not ended."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            ended: Reply | LLMError = await llm.run(self.asked, self._pushed.put)
        except LLMError as error:
            ended = error
        await self._pushed.put(ended)


def _last(shape: Shape, ended: Reply | LLMError, *, with_usage: bool) -> bytes:
    if isinstance(ended, Refused):
        said = ended.partial.text if ended.partial and ended.partial.text else ended.sentence
        return shape.refusal(said) + shape.end("stop") + DONE
    if isinstance(ended, LLMError):
        return broken(ended)
    usage = shape.usage(ended.usage) if with_usage else b""
    return shape.end(ended.finish) + usage + DONE


async def nothing_here(request: HttpRequest) -> HttpResponseBase:
    """Tell, in OpenAI's shape, that an address is not ours."""
    return JsonResponse(
        error_body("There is nothing at this address.", status=404, code="not_found"), status=404
    )
