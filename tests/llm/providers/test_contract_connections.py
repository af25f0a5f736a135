"""How every provider treats its connections: what stops, what waits, what is closed."""

import asyncio

import pytest

from llm.errors import (
    Rejected,
    Unavailable,
)
from llm.providers import build
from llm.types import Delta, Message
from tests.llm.providers.conftest import MODELS, Asked, site
from tests.wire import (
    WireServer,
    hang,
    text,
)


@pytest.mark.parametrize("name", MODELS)
async def test_says_when_nothing_answers(name: str) -> None:
    with WireServer() as gone:
        pass
    provider = build(site(gone))[name]
    with pytest.raises(Unavailable) as caught:
        await Asked(name, provider).ask()
    await provider.close()
    expected = "manage.py start" if name == "local" else "could not be reached"
    assert expected in caught.value.sentence


async def test_stopping_closes_the_connection(asked: Asked, wire: WireServer) -> None:
    gate = wire.gate()
    wire.script(text("one", "two", gate=gate))
    first = asyncio.Event()

    async def emit(delta: Delta) -> None:
        if delta.text:
            first.set()

    answering = asyncio.create_task(asked.provider(asked.request(), emit))
    gate.let()
    await first.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await wire.until(lambda: wire.requests[0].closed and wire.connections == 0)


async def test_stopping_before_the_answer_closes_the_connection(asked: Asked, wire: WireServer) -> None:
    wire.script(hang())
    answering = asyncio.create_task(asked.ask())
    await wire.until(lambda: wire.streams == 1)
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await wire.until(lambda: wire.requests[0].closed)


async def test_a_slow_reader_slows_the_provider_down(asked: Asked, wire: WireServer) -> None:
    pieces = ("x" * 64_000,) * 500
    wire.script(text(*pieces))
    go = asyncio.Event()

    async def emit(delta: Delta) -> None:
        if delta.text:
            await go.wait()

    answering = asyncio.create_task(asked.provider(asked.request(), emit))
    await wire.until(lambda: wire.requests != [] and wire.requests[0].stalled)
    assert wire.requests[0].sent < len(pieces)
    go.set()
    assert len((await answering).text) == 500 * 64_000


async def test_leaves_no_connection_open_on_this_machine(asked: Asked, wire: WireServer) -> None:
    wire.always(text("ok"))
    for _ in range(3):
        await asked.ask()
    await wire.until(lambda: wire.connections == 0)


async def test_reads_the_body_to_its_end(asked: Asked, wire: WireServer) -> None:
    tail = wire.gate()
    wire.script(text("ok", tail=tail))
    answering = asyncio.create_task(asked.ask())
    await wire.until(lambda: wire.requests != [] and wire.requests[0].written)
    done, _ = await asyncio.wait({answering}, timeout=0.1)
    assert not done
    tail.let()
    assert (await answering).text == "ok"
    await wire.until(lambda: wire.streams == 0)
    assert not wire.requests[0].closed


async def test_does_not_wait_for_ever_for_the_end_of_the_body(asked: Asked, wire: WireServer) -> None:
    wire.script(text("ok", tail=wire.gate()))
    assert (await asked.ask()).text == "ok"
    await wire.until(lambda: wire.requests[0].closed)


async def test_many_calls_at_once_share_no_text(asked: Asked, wire: WireServer) -> None:
    wire.always(text("a", "b", "c"))
    replies = await asyncio.gather(*(asked.ask() for _ in range(50)))
    assert {reply.text for reply in replies} == {"abc"}


async def test_an_error_of_the_reader_is_not_the_providers(asked: Asked, wire: WireServer) -> None:
    wire.script(text("a", "b"))

    async def emit(delta: Delta) -> None:
        raise ConnectionResetError("the reader is gone")

    with pytest.raises(ConnectionResetError):
        await asked.provider(asked.request(), emit)


async def test_text_that_is_not_unicode_is_rejected(asked: Asked, wire: WireServer) -> None:
    with pytest.raises(Rejected):
        await asked.ask(messages=(Message(role="user", content="\ud800"),))


@pytest.mark.parametrize("name", MODELS)
async def test_a_proxy_is_not_asked_for_this_machine(
    name: str, wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    wire.script(text("ok"))
    provider = build(site(wire))[name]
    assert (await Asked(name, provider).ask()).text == "ok"
    await provider.close()
