"""What another process writes, as seen by a tab of this one. The other process is rows in the database."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async

from chat import asking, hub, turns
from chat.frames import Delta, End, Event, Start
from chat.log import Flush, store
from chat.models import Conversation, Generation, Message
from chat.turns import Asked, Outcome, Turn
from chat.watcher import Watcher
from tests.chat.conftest import question

pytestmark = pytest.mark.django_db(transaction=True)

OWN, OTHER = uuid.uuid4(), uuid.uuid4()


class Listener:
    """A reader who writes down what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def take(self, event: Event) -> None:
        self.events.append(event)

    @property
    def heard(self) -> list[object]:
        """The texts of flushes, and the kinds of the rest."""
        return [event.text if isinstance(event, Delta) else type(event) for event in self.events]


@contextmanager
def reading(conversation: Conversation) -> Iterator[Listener]:
    listener = Listener()
    hub.subscribe(conversation.pk, listener)
    yield listener
    hub.unsubscribe(conversation.pk, listener)


@pytest.fixture
async def watcher(loop: None) -> AsyncIterator[Watcher]:
    """One that looks when the test says so."""
    watcher = Watcher(OWN, poll=60, idle=60)
    yield watcher
    await watcher.close()


@pytest.fixture
def listener(talk: Conversation) -> Iterator[Listener]:
    with reading(talk) as listener:
        yield listener


async def begun(talk: Conversation, runner: uuid.UUID = OTHER) -> Turn:
    asked = Asked(text="Hello", client_id=uuid.UUID(question()["id"]))
    return await sync_to_async(lambda: asking.ask_alone(talk.owner, talk.pk, asked, runner))()


async def written(turn: Turn, *texts: str, after: int = 0) -> None:
    flushes = [Flush(turn.generation, turn.message, after + n, text) for n, text in enumerate(texts, 1)]
    await sync_to_async(store)(flushes)


async def finished(turn: Turn, seq: int) -> None:
    outcome = Outcome(status=Message.Status.COMPLETED, text="whatever", seq=seq)
    assert await sync_to_async(turns.finish)(turn.generation, outcome)


def delta(turn: Turn, seq: int, text: str) -> Delta:
    return Delta(generation=turn.generation, first=seq, last=seq, text=text)


async def test_an_answer_of_another_process_starts_grows_and_ends(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    turn = await begun(talk)
    await watcher.look()
    start = listener.events[0]
    assert isinstance(start, Start)
    assert (start.generation, start.message, start.client_id) == (
        turn.generation,
        turn.message,
        turn.client_id,
    )
    await written(turn, "a", "b")
    await watcher.look()
    await watcher.look()
    await written(turn, "c", after=2)
    await finished(turn, 3)
    await watcher.look()
    await watcher.look()
    assert listener.heard == [Start, "a", "b", "c", End]


async def test_an_answer_that_began_and_ended_between_two_looks_is_told_whole(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    await watcher.look()
    turn = await begun(talk)
    await written(turn, "a", "b")
    await finished(turn, 2)
    await watcher.look()
    assert listener.heard == [Start, "a", "b", End]


async def test_what_this_process_writes_itself_is_not_told_twice(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    await begun(talk, runner=OWN)
    await watcher.look()
    assert not listener.events


async def test_conversations_that_nobody_reads_here_are_left_alone(
    watcher: Watcher, talk: Conversation
) -> None:
    turn = await begun(talk)
    await watcher.look()
    with reading(talk) as late:
        await written(turn, "a")
        await watcher.look()
    assert late.heard == [Start, "a"]


async def test_hints_come_before_the_log_and_nothing_comes_twice(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    turn = await begun(talk)
    await watcher.look()
    watcher.hint(talk.pk, delta(turn, 1, "a"))
    watcher.hint(talk.pk, delta(turn, 1, "a"))
    await written(turn, "a", "b")
    await watcher.look()
    watcher.hint(talk.pk, delta(turn, 2, "b"))
    assert listener.heard == [Start, "a", "b"]


async def test_a_hint_that_was_lost_is_repaired_from_the_log_and_later_ones_are_kept(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    turn = await begun(talk)
    await watcher.look()
    for seq, text in ((1, "a"), (3, "c"), (4, "d")):
        watcher.hint(talk.pk, delta(turn, seq, text))
    assert listener.heard == [Start, "a"]
    await written(turn, "a", "b")
    await watcher.look()
    assert listener.heard == [Start, "a", "b", "c", "d"]


async def test_an_end_that_comes_before_the_last_flush_waits_for_it(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    turn = await begun(talk)
    await watcher.look()
    end = End(
        generation=turn.generation,
        seq=2,
        finish="completed",
        usage={},
        cost=None,
        cached=False,
        first_token_ms=None,
        total_ms=None,
    )
    watcher.hint(talk.pk, delta(turn, 1, "a"))
    watcher.hint(talk.pk, end)
    assert listener.heard == [Start, "a"]
    await written(turn, "a", "b")
    await finished(turn, 2)
    await watcher.look()
    watcher.hint(talk.pk, end)
    assert listener.heard == [Start, "a", "b", End]


async def test_a_reader_who_joins_further_back_gets_what_it_lacks(
    watcher: Watcher, talk: Conversation, listener: Listener
) -> None:
    turn = await begun(talk)
    await watcher.look()
    for seq, text in enumerate("abc", 1):
        watcher.hint(talk.pk, delta(turn, seq, text))
    row = await Generation.objects.select_related("message").aget(pk=turn.generation)
    watcher.join(row, 1)  # its own reading of the log ended there
    await written(turn, "a", "b", "c")
    await watcher.look()
    assert listener.heard == [Start, "a", "b", "c", "b", "c"]  # a mailbox drops what it has
