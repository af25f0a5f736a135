"""An answer that everybody left is stopped, or seen through where the request says so."""

import asyncio
from typing import Any

import pytest

import llm
from config.environment import Environment
from llm import runloop
from llm.client import client
from llm.layers.cache import Cache
from llm.models import CachedReply, Call
from llm.types import CachePolicy
from tests.llm.layers.fakes import Collected, ask
from tests.wire import Gate, WireServer, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def upstream(wire: WireServer, settings: Any) -> WireServer:
    settings.PARLEY = Environment(parley_local_url=wire.url)
    return wire


async def left(upstream: WireServer, **values: Any) -> Gate:
    """Ask, leave after the first word, and return the gate that holds the rest back."""
    gate, reader = upstream.gate(), Collected()
    upstream.script(text("Once ", "upon ", "a time", gate=gate))
    task = asyncio.create_task(llm.run(ask(model=None, **values), reader))
    gate.let()
    await upstream.until(lambda: bool(reader.texts))
    task.cancel()
    await asyncio.wait([task])
    return gate


async def nothing_drains(upstream: WireServer) -> None:
    async def cache() -> Cache:
        return next(layer for layer in client().layers if isinstance(layer, Cache))

    layer = await runloop.join(cache())
    await upstream.until(lambda: not layer._drains)


@pytest.mark.parametrize("ttl", [None, 0], ids=["cached", "not cached"])
async def test_what_drains_is_booked_as_it_was_used_and_kept(upstream: WireServer, ttl: int | None) -> None:
    gate = await left(upstream, drain=True, cache=CachePolicy(ttl=ttl))
    assert not upstream.requests[0].closed
    gate.open()
    await nothing_drains(upstream)
    await asyncio.to_thread(runloop.stop)  # what was kept is in the database too
    call = await Call.objects.aget()
    assert (call.outcome, call.estimated, call.input_tokens, call.output_tokens) == ("ok", False, 11, 7)
    assert await CachedReply.objects.acount() == (ttl is None)


async def test_without_it_the_upstream_is_stopped_and_what_came_is_booked(upstream: WireServer) -> None:
    await left(upstream)
    call = await Call.objects.aget()
    assert (call.outcome, call.estimated) == ("stopped", True)
    await upstream.until(lambda: upstream.requests[0].closed)


@pytest.mark.parametrize("ttl", [None, 0], ids=["cached", "not cached"])
async def test_what_drains_when_the_process_ends_is_booked_as_stopped(
    upstream: WireServer, ttl: int | None
) -> None:
    await left(upstream, drain=True, cache=CachePolicy(ttl=ttl))
    assert not await Call.objects.aexists()
    await asyncio.to_thread(runloop.stop)
    call = await Call.objects.aget()
    assert (call.outcome, call.estimated, call.output_tokens > 0) == ("stopped", True, True)
