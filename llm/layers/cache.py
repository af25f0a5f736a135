"""Answer equal requests once: from what is kept, or by joining the call that is under way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from llm.cachekey import cache_key
from llm.entry import Entry
from llm.errors import DeadlinePassed
from llm.flight import Flight
from llm.replies import Replies
from llm.types import Delta, Emit, Handler, Reply, Request, discard

if TYPE_CHECKING:
    from llm.shared_flight import SharedFlights

FREE = Decimal(0)


class Cache:
    """Keeps whole, accepted replies for `ttl` seconds, and books a row for every one that it gives away.

    A call that its readers left goes on where its request says `drain`. With `shared` one call answers equal
    requests of all processes.
    """

    def __init__(
        self,
        replies: Replies,
        book: Callable[[Entry], Awaitable[None]],
        ttl: int,
        shared: "SharedFlights | None" = None,
    ) -> None:
        self.replies = replies
        self.book = book
        self.ttl = ttl
        self.shared = shared
        self.flights: dict[str, Flight] = {}
        self._drains: set[asyncio.Task[Reply]] = set()

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        ttl = self.ttl if request.cache.ttl is None else request.cache.ttl
        if ttl == 0:
            return await self._unshared(request, emit, partial(call, request))
        key = cache_key(request)
        request.tab.cache = "miss"
        if not request.cache.read:
            return await self._unshared(request, emit, partial(self._fresh, key, ttl, request, call=call))
        if (near := self.replies.near(key)) is not None:
            request.tab.cache = "hit"
            await _replay(near, emit)
            return await self._hit(request, near)
        flight = self.flights.get(key)
        if flight is not None and not flight.stopping:
            request.tab.cache = "hit"
            return await self._hit(request, await self._joined(flight, request, emit))
        flight = self._begin(key, partial(self._kept_or_fresh, key, ttl, request, call))
        reply = await self._aboard(flight, request, emit)
        return await self._hit(request, reply) if reply.cached else reply

    async def close(self) -> None:
        """Stop what goes on without readers; it is on the books then."""
        for drain in self._drains:
            drain.cancel()
        if self._drains:
            await asyncio.wait(self._drains)

    async def _unshared(
        self, request: Request, emit: Emit, call: Callable[[Emit], Awaitable[Reply]]
    ) -> Reply:
        """Make a call that nobody else may join; a flight is only for what outlives its reader."""
        return await (self._aboard(Flight(call), request, emit) if request.drain else call(emit))

    async def _joined(self, flight: Flight, request: Request, emit: Emit) -> Reply:
        """Join what another began, and wait no longer than one's own deadline."""
        try:
            async with asyncio.timeout_at(request.expires) as whole:
                return await self._aboard(flight, request, emit)
        except TimeoutError:
            if whole.expired():
                raise DeadlinePassed("The answer was not whole when the time for it was over.") from None
            raise

    async def _aboard(self, flight: Flight, request: Request, emit: Emit) -> Reply:
        if request.drain:
            self._see_through(flight)
        return await flight.join(emit)

    def _see_through(self, flight: Flight) -> None:
        """Be a reader that stays when all others have left."""
        drain = asyncio.create_task(flight.join(discard))
        self._drains.add(drain)
        drain.add_done_callback(self._seen_through)

    def _seen_through(self, drain: asyncio.Task[Reply]) -> None:
        self._drains.discard(drain)
        if not drain.cancelled():
            drain.exception()  # it is on the books

    def _begin(self, key: str, call: Callable[[Flight], Awaitable[Reply]]) -> Flight:
        """Begin a flight before anything is awaited, so that no equal request can begin another."""
        flight = self.flights[key] = Flight(call)
        flight.task.add_done_callback(lambda _: self._ended(key, flight))
        return flight

    def _ended(self, key: str, flight: Flight) -> None:
        if self.flights.get(key) is flight:  # one that was stopped has a successor perhaps
            del self.flights[key]

    async def _kept_or_fresh(
        self, key: str, ttl: int, request: Request, call: Handler, flight: Flight
    ) -> Reply:
        fresh = partial(self._fresh, key, ttl, request, call=call)
        if self.shared is None:
            return await self._kept_or(key, request, fresh, flight)
        again = partial(self._kept_or, key, request, fresh)  # another process has just kept one perhaps
        shared = partial(self.shared.fly, key, again, request.expires)
        return await self._kept_or(key, request, shared, flight)

    async def _kept_or[E: Emit](
        self, key: str, request: Request, call: Callable[[E], Awaitable[Reply]], emit: E
    ) -> Reply:
        kept = await self.replies.get(key)
        if kept is None:
            return await call(emit)
        request.tab.cache = "hit"
        await _replay(kept, emit)
        return replace(kept, cached=True)

    async def _fresh(self, key: str, ttl: int, request: Request, emit: Emit, call: Handler) -> Reply:
        reply = await call(request, emit)
        if reply.finish != "length" and (request.accept is None or request.accept(reply)):
            stored = self.replies.put(key, reply, ttl, request.owner.user_id)
            if self.shared is not None:
                await asyncio.wait([stored])  # who comes when the flight has landed must find it
        return reply

    async def _hit(self, request: Request, reply: Reply) -> Reply:
        request.tab.cache = "hit"
        hit = replace(reply, cached=True, cost=FREE, saved=reply.cost, request_id=request.id)
        await self.book(Entry(request=request, reply=hit, outcome="ok", error=""))
        return hit


async def _replay(reply: Reply, emit: Emit) -> None:
    """Push a kept reply as if it came now."""
    if reply.text:
        await emit(Delta(text=reply.text))
    for tool_call in reply.tool_calls:
        await emit(Delta(tool_call=tool_call))
