"""`await run(request)`: the one way to a model. The order of the layers is the visible list below."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial, reduce
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings

from llm import catalog, ledger, pricing, runloop
from llm.budgets.desk import Desk
from llm.layers.breaker import Breaker
from llm.layers.budget import Budget
from llm.layers.cache import Cache
from llm.layers.degrade import Degrade
from llm.layers.fallback import Fallback
from llm.layers.prices import Prices
from llm.layers.quota import Quota
from llm.layers.record import Record
from llm.layers.retry import Retry
from llm.layers.throttle import Throttle
from llm.layers.timeout import Timeout
from llm.layers.trace import Trace
from llm.limiter import Limiter, rate
from llm.providers import Provider, build
from llm.providers.forbidden import forbidden
from llm.rates import book
from llm.replies import Replies
from llm.telemetry import figures, publishing, spans
from llm.types import Delta, Emit, Handler, Layer, Reply, Request, Usage, discard

if TYPE_CHECKING:
    from config.environment import Environment
    from llm.shared_flight import SharedFlights


def stack(handler: Handler, *layers: Layer) -> Handler:
    """Wrap handler; the first layer is the outermost."""
    return reduce(lambda inner, layer: partial(layer, call=inner), reversed(layers), handler)


class Client:
    """Providers behind layers, the first of which is the outermost; lives on the process's loop."""

    def __init__(self, providers: Mapping[str, Provider], *layers: Layer) -> None:
        self.providers = providers
        self.layers = layers
        self.handler = stack(self._provide, *layers)

    def _provide(self, request: Request, emit: Emit) -> Awaitable[Reply]:
        provider, _ = catalog.split(request.model or "")
        return self.providers[provider](request, emit)

    async def run(self, request: Request, emit: Emit, deadline: float) -> Reply:
        """Answer within `deadline` seconds; raises LLMError."""
        expires = asyncio.get_running_loop().time() + deadline
        with figures.under_way:
            return await self.handler(replace(request, expires=expires), emit)

    async def close(self) -> None:
        """Stop what goes on without a reader, then close the providers' connections."""
        for layer in self.layers:
            if isinstance(layer, Cache):
                await layer.close()
        for provider in self.providers.values():
            await provider.close()


def site_layers(site: "Environment", replies: Replies, desk: Desk) -> list[Layer]:
    """Return what every call of a site goes through, outermost first; DESIGN says why in this order."""
    limiter, flights = _across_processes(site.redis_url)
    fallback = Fallback(site.model_chain)
    tokens = rate(site.parley_token_rate) if site.parley_token_rate else None
    traces = [Trace(fallback.models, contents=site.otel_contents)] if site.traces_endpoint else []
    return [
        *traces,
        Quota(limiter, rate(site.parley_quota)),
        Degrade(replies, fallback.models, ledger.write),
        fallback,
        Cache(replies, ledger.write, site.parley_cache_ttl, flights),
        Prices(book),
        Budget(desk),
        Retry(),
        Throttle(limiter, rate(site.parley_rate), tokens=tokens),
        Breaker(),
        Record(ledger.write),
        Timeout(site.parley_silence_timeout),
    ]


def _across_processes(redis_url: str) -> tuple[Limiter, "SharedFlights | None"]:
    """Return what counts and what flies for all processes; without Redis for this one only."""
    if not redis_url:
        return Limiter(), None
    from llm.redis_link import RedisLink  # a site without Redis does not pay for its client
    from llm.shared_flight import SharedFlights
    from llm.shared_limiter import SharedLimiter

    link = RedisLink(redis_url)
    return SharedLimiter(link), SharedFlights(link)


_client: Client | None = None
_stand_in: Client | None = None


def client() -> Client:
    """Return the process's client, made at its first use; call it on the process's loop."""
    if _stand_in is not None:
        return _stand_in
    if _client is None:
        if not settings.ALLOW_MODEL_CALLS:
            return Client(forbidden(), Fallback(settings.PARLEY.model_chain))
        spans.start()
        use(whole(settings.PARLEY, build(settings.PARLEY)))
        publishing.start()
    assert _client is not None  # noqa: S101 `use` has set it
    return _client


def whole(site: "Environment", providers: Mapping[str, Provider]) -> Client:
    """Return a client with everything that a site's calls go through; what it opens closes with the loop."""
    replies, desk = Replies(), Desk()
    runloop.on_close(replies.close)
    runloop.on_close(desk.close)
    return Client(providers, *site_layers(site, replies, desk))


@contextmanager
def stand_in(client: Client) -> Iterator[None]:
    """Let `client` answer in the place of the process's while the block runs; for tests."""
    global _stand_in
    before, _stand_in = _stand_in, client
    try:
        yield
    finally:
        _stand_in = before


def use(client: Client) -> None:
    """Make `client` the process's until its loop ends; for tests, which give it providers of their own."""
    global _client
    _client = client
    runloop.on_close(_forget)


def load() -> None:
    """Load what the first call needs: a second of imports, in which the process's loop would stand still."""
    for provider in {catalog.split(model)[0] for model in settings.PARLEY.model_chain}:
        import_module(f"llm.providers.{provider}")
    pricing.cost("openai:gpt-5.5", Usage())
    spans.start()


async def warm() -> None:
    """Load what the first call needs while nobody waits; for the start of a server."""
    loading = asyncio.get_running_loop().run_in_executor(None, load)

    async def loaded() -> None:
        await asyncio.wait([loading])

    runloop.on_close(loaded)


def ill_models() -> dict[str, float]:
    """Return `provider:model` of each open breaker, with the seconds until it is tried again."""
    layers = _client.layers if _client else ()
    return {
        model: wait
        for layer in layers
        if isinstance(layer, Breaker)
        for model, wait in layer.states().items()
    }


async def _forget() -> None:
    global _client
    if _client is not None:
        await _client.close()
    _client = None


async def run(request: Request, emit: Emit = discard) -> Reply:
    """Answer `request`, pushing deltas into `emit` as they come; works from any event loop.

    Raises LLMError. Cancelling stops the upstream, and what came until then is on the books.
    """
    caller = asyncio.get_running_loop()
    if emit is discard or caller is runloop.get():
        return await runloop.join(_run(request, emit))

    async def emit_there(delta: Delta) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_emit(emit, delta), caller))

    return await runloop.join(_run(request, emit_there))


def begin(request: Request, emit: Emit) -> asyncio.Task[Reply]:
    """Begin to answer `request` as `run` does, from the process's loop, by a single task."""
    return runloop.begin(_run(request, emit))


async def _emit(emit: Emit, delta: Delta) -> None:
    await emit(delta)


async def _run(request: Request, emit: Emit) -> Reply:
    return await client().run(request, emit, request.deadline or settings.PARLEY.parley_deadline)
