"""An answer outlives what carries it: cut connections, readers that restart, hints that are lost."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.services.chat_site import Program, Proxy, Site, Tab, Web
from tests.wire import Gate, text

PIECES = [f"{number} " for number in range(500)]
CUTS = 20
FAST = {"flush": 0.001}


@pytest.fixture(scope="module")
def webs(chat: Site) -> list[Web]:
    """The process that writes, and one that only reads; of what they tell each other 30 % is lost."""
    return chat.begin({"pace": FAST, "lost": 0.3}, {"pace": FAST, "lost": 0.3})


async def let_all_pass(gate: Gate, cut_at: set[int], cut: list[Proxy]) -> None:
    """Let the pieces pass one by one and cut the connections in between."""
    for number in range(len(PIECES)):
        gate.let()
        if number in cut_at:
            random.Random(number).choice(cut).cut()  # noqa: S311
        await asyncio.sleep(0.003)


@asynccontextmanager
async def two_tabs(alice: Program, near: Web, far: Web) -> AsyncIterator[tuple[Tab, Tab, list[Proxy]]]:
    """A tab at each process, each behind a proxy."""
    async with Proxy(near.port) as here, Proxy(far.port) as there:
        conversation = await alice.conversation(near.port)
        async with (
            Tab(alice, lambda: here.port, conversation) as one,
            Tab(alice, lambda: there.port, conversation) as other,
        ):
            yield one, other, [here, there]


async def test_cut_at_twenty_points_the_text_is_whole_in_both_tabs(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text(*PIECES, gate=gate))
    points = set(random.Random(3).sample(range(len(PIECES)), CUTS))  # noqa: S311
    async with two_tabs(alice, *webs) as (one, other, proxies):
        await one.ask()
        await let_all_pass(gate, points, proxies)
        for tab in (one, other):
            await tab.until(lambda tab: tab.end)
            assert tab.text == "".join(PIECES)
            assert tab.end["finish"] == "completed"
        assert one.connects + other.connects > CUTS / 2
        assert one.end["seq"] > len(PIECES) / 4
        assert (await alice.answer(webs[0].port, one.conversation))["content"] == "".join(PIECES)


async def test_the_reading_process_restarts_in_the_middle(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text(*PIECES, gate=gate))
    [doomed] = chat.begin({"pace": FAST})
    async with two_tabs(alice, webs[0], doomed) as (one, other, proxies):
        await one.ask()
        gate.let(100)
        await other.until(lambda tab: "50 " in tab.text)
        doomed.kill()
        gate.let(100)  # nobody in the other tab hears of these
        proxies[1].target = webs[1].port
        gate.open()
        for tab in (one, other):
            await tab.until(lambda tab: tab.end)
            assert tab.text == "".join(PIECES)


async def test_bytes_on_the_wire_are_at_most_three_times_the_text(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    pieces = [
        f"{number:04d} what a model says in fifty milliseconds, at some two hundred tokens a second, "
        for number in range(100)
    ]
    gate = chat.wire.gate()
    chat.wire.script(text(*pieces, gate=gate))
    async with two_tabs(alice, *webs) as (one, other, _):
        await one.ask()
        gate.let()
        await other.until(lambda tab: tab.text)
        for _piece in pieces[1:]:
            gate.let()
            await asyncio.sleep(0.01)
        for tab in (one, other):
            await tab.until(lambda tab: tab.end)
            assert tab.text == "".join(pieces)
            assert tab.received <= 3 * len(tab.text)
            assert tab.largest < len(tab.text) / 2


async def test_a_tab_that_slept_through_the_answer_gets_all_of_it_in_one_frame(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    chat.wire.script(text(*PIECES))
    conversation = await alice.conversation(webs[0].port)
    async with Tab(alice, lambda: webs[0].port, conversation) as tab:
        await tab.ask()
        await tab.until(lambda tab: tab.end)
    for web in webs:
        late = Tab(alice, lambda port=web.port: port, conversation)  # type: ignore[misc]
        async with late:
            late._begin(tab.generation, tab.message)
            await late._resume()
            await late.until(lambda tab: tab.end)
            assert (late.text, late.largest) == (tab.text, len(tab.text))
