"""When no model can answer: a reply that is too old, if the request allows one."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from llm.cachekey import cache_key
from llm.errors import LLMError
from llm.layers.sent import Sent
from llm.replies import Replies
from llm.types import Delta, Emit, Handler, Reply, Request


class Degrade:
    """Look, model by model of the chain, for a kept reply of any age."""

    def __init__(self, replies: Replies, models: Callable[[Request], Iterable[str]]) -> None:
        self.replies = replies
        self.models = models

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
        return stale

    async def _stale(self, request: Request) -> Reply | None:
        for model in self.models(request):
            kept = await self.replies.get(cache_key(replace(request, model=model)), stale=True)
            if kept is not None and kept.text:
                return replace(kept, cached=True, request_id=request.id)
        return None
