"""`await run(request)`: the one way to a model. The order of the layers is the visible list below."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial, reduce

from django.conf import settings

from llm import catalog, ledger, runloop
from llm.layers.fallback import Fallback
from llm.layers.record import Record
from llm.layers.timeout import Timeout
from llm.providers import Provider, build
from llm.types import Delta, Emit, Handler, Layer, Reply, Request, discard


def stack(handler: Handler, *layers: Layer) -> Handler:
    """Wrap handler; the first layer is the outermost."""
    return reduce(lambda inner, layer: partial(layer, call=inner), reversed(layers), handler)


class Client:
    """Providers behind their layers; lives on the process's loop."""

    def __init__(self, providers: Mapping[str, Provider], *, chain: tuple[str, ...], silence: float) -> None:
        self.providers = providers
        self.handler = stack(self._provide, Fallback(chain), Record(ledger.write), Timeout(silence))

    async def _provide(self, request: Request, emit: Emit) -> Reply:
        provider, _ = catalog.split(request.model or "")
        return await self.providers[provider](request, emit)

    async def run(self, request: Request, emit: Emit, deadline: float) -> Reply:
        """Answer within `deadline` seconds; raises LLMError."""
        expires = asyncio.get_running_loop().time() + deadline
        return await self.handler(replace(request, expires=expires), emit)

    async def close(self) -> None:
        """Close the providers' connections."""
        for provider in self.providers.values():
            await provider.close()


_client: Client | None = None


def client() -> Client:
    """Return the process's client, made at its first use; call it on the process's loop."""
    global _client
    if _client is None:
        site = settings.PARLEY
        _client = Client(build(site), chain=site.model_chain, silence=site.parley_silence_timeout)
        runloop.on_close(_forget)
    return _client


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
    if caller is runloop.get():
        return await _run(request, emit)

    async def emit_there(delta: Delta) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_emit(emit, delta), caller))

    return await runloop.join(_run(request, discard if emit is discard else emit_there))


async def _emit(emit: Emit, delta: Delta) -> None:
    await emit(delta)


async def _run(request: Request, emit: Emit) -> Reply:
    return await client().run(request, emit, request.deadline or settings.PARLEY.parley_deadline)
