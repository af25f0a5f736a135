"""Stop, at any time and from anywhere: the upstream is closed, the text grows no more, it is paid once."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from llm.ids import uuid7
from tests.services.chat_site import Site, Web
from tests.services.people import Program, Tab
from tests.wire import Gate, text

PIECES = [f"{number} " for number in range(40)]
WITHIN = 0.5  # seconds

type Tabs = tuple[Tab, Tab, Tab]


@pytest.fixture(scope="module")
def webs(chat: Site) -> Iterator[list[Web]]:
    webs = chat.begin({}, {})
    yield webs
    chat.end(*webs)


@pytest.fixture
async def tabs(alice: Program, webs: list[Web]) -> AsyncIterator[Tabs]:
    """Three tabs at one conversation: two at the process that will write, one at another."""
    here, there = webs
    conversation = await alice.conversation(here.port)
    async with (
        Tab(alice, lambda: here.port, conversation) as own,
        Tab(alice, lambda: here.port, conversation) as other,
        Tab(alice, lambda: there.port, conversation) as far,
    ):
        yield own, other, far


@pytest.fixture
def gate(chat: Site) -> Gate:
    gate = chat.wire.gate()
    chat.wire.script(text(*PIECES, gate=gate))
    return gate


@pytest.mark.parametrize("whose", ["its own tab", "the other tab", "another process"])
@pytest.mark.parametrize("when", ["before the first token", "between tokens", "after a resume"])
async def test_stop_closes_the_upstream_and_the_text_grows_no_more(
    chat: Site, alice: Program, webs: list[Web], tabs: Tabs, gate: Gate, when: str, whose: str
) -> None:
    booked = await alice.booked(webs[0].port)
    asked = len(chat.wire.requests)
    await tabs[0].ask()
    await chat.wire.until(lambda: len(chat.wire.requests) > asked)
    await asyncio.gather(*(tab.until(lambda tab: tab.generation) for tab in tabs))
    seen = chat.wire.requests[-1]
    if when != "before the first token":
        gate.let(3)
        await asyncio.gather(*(tab.until(lambda tab: "2 " in tab.text) for tab in tabs))
    stopper = tabs[["its own tab", "the other tab", "another process"].index(whose)]
    if when == "after a resume":
        resumed = stopper.resumed
        await stopper.close_socket()
        await stopper.until(lambda tab: tab.resumed > resumed)
    await stopper.send(type="stop", generation=tabs[0].generation)
    await chat.wire.until(lambda: seen.closed, WITHIN)
    gate.open()
    for tab in tabs:
        await tab.until(lambda tab: tab.end)
        assert tab.end["finish"] == "stopped"
    stored = await alice.answer(webs[1].port, tabs[0].conversation)
    assert stored["status"] == "stopped"
    assert stored["content"] == ("" if when.startswith("before") else "0 1 2 ")
    assert {tab.text for tab in tabs} == {stored["content"]}
    assert await alice.booked(webs[0].port) - booked == 1


async def test_an_answer_that_runs_only_while_it_is_read_ends_with_its_last_reader_in_any_process(
    chat: Site, alice: Program, gate: Gate
) -> None:
    writing, reading = webs = chat.begin({"pace": {"alone": 1.5}}, {})
    conversation = await alice.conversation(writing.port)
    asked = len(chat.wire.requests)
    async with Tab(alice, lambda: reading.port, conversation) as far:
        async with Tab(alice, lambda: writing.port, conversation) as near:
            await near.send(type="send", id=uuid7(), text="Hello", prompt="while-read")
            await far.until(lambda tab: tab.generation)
            await asyncio.sleep(0.3)  # a look of the keeper, which has to have seen a reader
        seen = chat.wire.requests[asked]
        with pytest.raises(AssertionError):
            await chat.wire.until(lambda: seen.closed, 2)
    await chat.wire.until(lambda: seen.closed)
    assert (await alice.answer(reading.port, conversation))["status"] == "stopped"
    chat.end(*webs)


async def test_a_second_stop_and_one_that_comes_too_late_change_nothing(
    chat: Site, alice: Program, webs: list[Web], tabs: Tabs, gate: Gate
) -> None:
    near, _, far = tabs
    booked = await alice.booked(webs[0].port)
    await near.ask()
    await far.until(lambda tab: tab.generation)
    gate.open()
    await far.until(lambda tab: tab.end)
    for tab in (near, far, near):
        await tab.send(type="stop", generation=far.generation)
    stored = await alice.answer(webs[1].port, near.conversation)
    assert (stored["status"], stored["content"]) == ("completed", "".join(PIECES))
    assert await alice.booked(webs[0].port) - booked == 1
