"""When no model can answer: a reply that is too old, if the request allows one."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from llm.cachekey import cache_key
from llm.entry import Entry
from llm.errors import LLMError
from llm.layers.sent import Sent
from llm.replies import Replies
from llm.types import Delta, Emit, Handler, Reply, Request


class Degrade:
    """Look, model by model of the chain, for a kept reply of any age; one that is given away is booked."""

    def __init__(
        self,
        replies: Replies,
        models: Callable[[Request], Iterable[str]],
        book: Callable[[Entry], Awaitable[None]],
    ) -> None:
        self.replies = replies
        self.models = models
        self.book = book

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        sent = Sent(emit)
        try:
            return await call(request, sent)
        except LLMError as error:
            if sent.used or not request.cache.stale or not error.elsewhere:
                raise
            stale = await self._stale(request)
            if stale is None:
                raise
        await emit(Delta(text=stale.text))
        await self.book(Entry(request=request, reply=stale, outcome="ok", error=""))
        return stale

    async def _stale(self, request: Request) -> Reply | None:
        for model in self.models(request):
            kept = await self.replies.get(cache_key(replace(request, model=model)), stale=True)
            if kept is not None and kept.text:
                return replace(kept, cached=True, cost=Decimal(0), saved=kept.cost, request_id=request.id)
        return None
