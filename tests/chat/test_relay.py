"""Hints between two processes, over a channel layer in memory."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from chat import hub
from chat.frames import Delta, Event
from chat.mailbox import Mailbox
from chat.relay import Relay

TALK, ANSWER = uuid.uuid4(), uuid.uuid4()
FIRST = Delta(generation=ANSWER, first=1, last=1, text="a")
SECOND = Delta(generation=ANSWER, first=2, last=2, text="b")


class Process:
    """One that hears hints and stops."""

    def __init__(self, layer: Any) -> None:
        self.id = uuid.uuid4()
        self.hints: list[tuple[uuid.UUID, Event]] = []
        self.stops: list[uuid.UUID] = []
        self.relay = Relay(layer, self.id, hint=lambda *hint: self.hints.append(hint), stop=self.stops.append)


class Away:
    """A layer that fails at everything, at once."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def fails(*_: Any) -> None:
            raise ConnectionError(name)

        return fails


@pytest.fixture
async def both() -> AsyncIterator[tuple[Process, Process]]:
    layer = InMemoryChannelLayer()
    one, other = Process(layer), Process(layer)
    await _a_moment()
    yield one, other
    await one.relay.close()
    await other.relay.close()


async def _a_moment() -> None:
    """Let the tasks do what they can do now."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_who_watches_a_conversation_hears_what_another_process_writes(
    both: tuple[Process, Process],
) -> None:
    one, other = both
    other.relay.watched(TALK)
    await _a_moment()
    one.relay.published(TALK, FIRST)
    one.relay.published(TALK, SECOND)
    one.relay.published(uuid.uuid4(), FIRST)
    await _a_moment()
    assert other.hints == [(TALK, FIRST), (TALK, SECOND)]


async def test_nobody_hears_itself_or_what_it_watches_no_more(both: tuple[Process, Process]) -> None:
    one, other = both
    one.relay.watched(TALK)
    other.relay.watched(TALK)
    await _a_moment()
    other.relay.unwatched(TALK)
    await _a_moment()
    one.relay.published(TALK, FIRST)
    await _a_moment()
    assert not one.hints
    assert not other.hints


async def test_a_stop_reaches_the_process_that_runs_the_answer(both: tuple[Process, Process]) -> None:
    one, other = both
    one.relay.stop_there(other.id, ANSWER)
    await _a_moment()
    assert (one.stops, other.stops) == ([], [ANSWER])


async def test_a_layer_that_is_away_holds_up_nobody() -> None:
    process = Process(Away())
    for _ in range(20_000):
        process.relay.published(TALK, FIRST)
    await _a_moment()
    await process.relay.close()


async def test_the_hub_tells_the_way_to_other_processes_what_is_read_and_written_here(
    both: tuple[Process, Process],
) -> None:
    one, other = both
    mailbox = Mailbox()
    hub.connect(one.relay)
    other.relay.watched(TALK)
    hub.subscribe(TALK, mailbox)
    await _a_moment()
    hub.publish(TALK, FIRST)
    other.relay.published(TALK, SECOND)
    await _a_moment()
    hub.unsubscribe(TALK, mailbox)
    hub.disconnect(one.relay)
    assert (other.hints, one.hints) == ([(TALK, FIRST)], [(TALK, SECOND)])
