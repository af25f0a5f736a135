"""Answer equal requests once: from what is kept, or by joining the call that is under way."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from llm.cachekey import cache_key
from llm.entry import Entry
from llm.flight import Flight
from llm.replies import Replies
from llm.types import Delta, Emit, Handler, Reply, Request

FREE = Decimal(0)


class Cache:
    """Keeps whole, accepted replies for `ttl` seconds, and books a row for every one that it gives away."""

    def __init__(self, replies: Replies, book: Callable[[Entry], Awaitable[None]], ttl: int) -> None:
        self.replies = replies
        self.book = book
        self.ttl = ttl
        self.flights: dict[str, Flight] = {}

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        ttl = self.ttl if request.cache.ttl is None else request.cache.ttl
        if ttl == 0:
            return await call(request, emit)
        key = cache_key(request)
        request.tab.cache = "miss"
        if not request.cache.read:
            return await self._fresh(key, ttl, request, emit, call)
        if (near := self.replies.near(key)) is not None:
            request.tab.cache = "hit"
            await _replay(near, emit)
            return await self._hit(request, near)
        flight = self.flights.get(key)
        if flight is not None:
            request.tab.cache = "hit"
            return await self._hit(request, await flight.join(emit))
        flight = self._begin(key, partial(self._kept_or_fresh, key, ttl, request, call=call))
        reply = await flight.join(emit)
        return await self._hit(request, reply) if reply.cached else reply

    def _begin(self, key: str, call: Callable[[Emit], Awaitable[Reply]]) -> Flight:
        """Begin a flight before anything is awaited, so that no equal request can begin another."""
        flight = self.flights[key] = Flight(call)
        flight.task.add_done_callback(lambda _: self.flights.pop(key, None))
        return flight

    async def _kept_or_fresh(self, key: str, ttl: int, request: Request, emit: Emit, call: Handler) -> Reply:
        kept = await self.replies.get(key)
        if kept is None:
            return await self._fresh(key, ttl, request, emit, call)
        request.tab.cache = "hit"
        await _replay(kept, emit)
        return replace(kept, cached=True)

    async def _fresh(self, key: str, ttl: int, request: Request, emit: Emit, call: Handler) -> Reply:
        reply = await call(request, emit)
        if reply.finish != "length" and (request.accept is None or request.accept(reply)):
            self.replies.put(key, reply, ttl)
        return reply

    async def _hit(self, request: Request, reply: Reply) -> Reply:
        hit = replace(reply, cached=True, cost=FREE, saved=reply.cost, request_id=request.id)
        await self.book(Entry(request=request, reply=hit, outcome="ok", error=""))
        return hit


async def _replay(reply: Reply, emit: Emit) -> None:
    """Push a kept reply as if it came now."""
    if reply.text:
        await emit(Delta(text=reply.text))
    for tool_call in reply.tool_calls:
        await emit(Delta(tool_call=tool_call))
