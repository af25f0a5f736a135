"""Stop, at any time and from anywhere: the upstream is closed, the text grows no more, it is paid once."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.services.chat_site import Site, Web
from tests.services.people import Program, Tab
from tests.wire import Gate, text

PIECES = [f"{number} " for number in range(40)]
WITHIN = 0.5  # seconds


@pytest.fixture(scope="module")
def webs(chat: Site) -> Iterator[list[Web]]:
    webs = chat.begin({}, {})
    yield webs
    chat.end(*webs)


@pytest.fixture
async def tabs(alice: Program, webs: list[Web]) -> AsyncIterator[tuple[Tab, Tab]]:
    """Two tabs at one conversation, at the process that will write and at another."""
    here, there = webs
    conversation = await alice.conversation(here.port)
    async with (
        Tab(alice, lambda: here.port, conversation) as near,
        Tab(alice, lambda: there.port, conversation) as far,
    ):
        yield near, far


@pytest.fixture
def gate(chat: Site) -> Gate:
    gate = chat.wire.gate()
    chat.wire.script(text(*PIECES, gate=gate))
    return gate


@pytest.mark.parametrize("whose", ["its own tab", "another process"])
@pytest.mark.parametrize("when", ["before the first token", "between tokens", "after a resume"])
async def test_stop_closes_the_upstream_and_the_text_grows_no_more(
    chat: Site, alice: Program, webs: list[Web], tabs: tuple[Tab, Tab], gate: Gate, when: str, whose: str
) -> None:
    near, far = tabs
    booked = await alice.booked(webs[0].port)
    asked = len(chat.wire.requests)
    await near.ask()
    await chat.wire.until(lambda: len(chat.wire.requests) > asked)
    await asyncio.gather(*(tab.until(lambda tab: tab.generation) for tab in tabs))
    seen = chat.wire.requests[-1]
    if when != "before the first token":
        gate.let(3)
        await asyncio.gather(*(tab.until(lambda tab: "2 " in tab.text) for tab in tabs))
    stopper = near if whose == "its own tab" else far
    if when == "after a resume":
        before = stopper.connects
        await stopper.close_socket()
        await stopper.until(lambda tab: tab.connects > before)
    await stopper.send(type="stop", generation=near.generation)
    await chat.wire.until(lambda: seen.closed, WITHIN)
    gate.open()
    for tab in tabs:
        await tab.until(lambda tab: tab.end)
        assert tab.end["finish"] == "stopped"
    stored = await alice.answer(webs[1].port, near.conversation)
    assert stored["status"] == "stopped"
    assert near.text == far.text == stored["content"] == ("" if when.startswith("before") else "0 1 2 ")
    assert await alice.booked(webs[0].port) - booked == 1


async def test_a_second_stop_and_one_that_comes_too_late_change_nothing(
    chat: Site, alice: Program, webs: list[Web], tabs: tuple[Tab, Tab], gate: Gate
) -> None:
    near, far = tabs
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
