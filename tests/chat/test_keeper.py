"""A database that fails or is held up, and processes that look after each other."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections
from django.db.models.functions import Now

from chat import asking, keeping, log, runner
from chat.keeper import Keeper, Pace
from chat.models import Conversation, Generation, GenerationEvent, Message
from chat.turns import Asked
from llm.models.agents import AgentRun
from llm.providers.scripted import say
from tests.chat.conftest import Tab, question, use_model
from tests.chat.test_runner import Steps, logged, reap, sent

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = "2026-01-01T00:00Z"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def without(table: str) -> AsyncIterator[None]:
    """The database refuses whatever has to do with a table."""
    await sync_to_async(_execute)(f"ALTER TABLE {table} RENAME TO away")
    yield
    await sync_to_async(_execute)(f"ALTER TABLE away RENAME TO {table}")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


async def shown(run: runner.Run, text: str) -> None:
    """Wait until a run has come so far."""
    for _ in range(500):
        if run.flusher.text == text:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(run.flusher.text)


async def test_what_the_log_refused_is_appended_with_the_next_beat(alice: User, talk: Conversation) -> None:
    steps = Steps()
    use_model(say(*"abcd", pause=1), sleep=steps)
    turn = await sent(alice, talk)
    run = runner.running(turn.generation)
    assert run is not None
    async with without("chat_generationevent"):
        steps.let(3)
        await shown(run, "abc")
        await log.settle(run._last)
        assert run.stored == 0
    await Keeper().beat()
    await logged(turn, run.flusher.seq)
    steps.let()
    await run.task
    message = await Message.objects.aget(pk=turn.message)
    assert (message.status, message.content) == ("completed", "abcd")
    assert "".join([text for _, text in await log.read(turn.generation, 0)]) == "abcd"


async def test_what_still_waits_for_the_database_waits_once(alice: User, talk: Conversation) -> None:
    runner.reset(window=0.0001)
    steps = Steps()
    use_model(say(*["x" * 100] * 3000, pause=1), sleep=steps)
    turn = await sent(alice, talk)
    steps.let(3000)
    run = runner.running(turn.generation)
    assert run is not None
    for _ in range(20):
        await Keeper().beat()
        assert log.waiting() <= run.flusher.seq
    await run.task
    assert "".join([text for _, text in await log.read(turn.generation, 0)]) == "x" * 300_000


async def test_a_beat_that_fails_is_due_again_at_once(alice: User, talk: Conversation) -> None:
    use_model(say("One", pause=60))
    turn = await sent(alice, talk)
    await Generation.objects.aupdate(heartbeat_at=LONG_AGO)
    one = Keeper(clock=Clock())
    async with without("chat_message"):
        with pytest.raises(DatabaseError):
            await one.round()
    await one.round()
    assert (await Generation.objects.aget(pk=turn.generation)).heartbeat_at.year > 2025
    assert (await Message.objects.aget(pk=turn.message)).status == "streaming"


async def test_a_process_does_not_take_its_own_answers_for_dead(tab: Tab) -> None:
    steps = Steps()
    use_model(say("One", pause=1), sleep=steps)
    await tab.send(**question())
    await tab.until("start")
    await Generation.objects.aupdate(heartbeat_at=LONG_AGO)
    one = Keeper()
    for _ in range(3):
        await one.look()
    steps.let()
    assert (await tab.until("end"))["finish"] == "completed"


async def dead(alice: User) -> uuid.UUID:
    """Return an answer of a process that is gone."""
    talk = await sync_to_async(keeping.begin)(alice)
    turn = await sync_to_async(asking.ask_alone)(alice, talk.pk, Asked(text="Hello"), uuid.uuid4())
    await Generation.objects.aupdate(heartbeat_at=LONG_AGO)
    return turn.message


async def test_after_a_time_without_the_database_the_living_may_beat_first(loop: None, alice: User) -> None:
    clock = Clock()
    one = Keeper(Pace(beat=5), clock)
    await one.look()
    message = await dead(alice)
    for clock.now, status in (
        (20.0, "streaming"),
        (24.0, "streaming"),
        (26.0, "streaming"),
        (27.0, "interrupted"),
    ):
        await one.look()
        assert (await Message.objects.aget(pk=message)).status == status


async def test_agents_whose_end_cannot_be_stored_keep_nobody_elses_answer_open(
    loop: None, alice: User, bob: User
) -> None:
    clock = Clock()
    one = Keeper(Pace(beat=5), clock)
    theirs = await dead(bob)
    run = await AgentRun.objects.acreate(user=bob, goal="x", tools=[], status=AgentRun.Status.COMPLETED)
    await Generation.objects.aupdate(run=run)
    message = await dead(alice)
    async with without("llm_agentstep"):
        for clock.now in (4.0, 8.0, 12.0):
            with pytest.raises(DatabaseError):
                await one.look()
    assert (await Message.objects.aget(pk=message)).status == "interrupted"
    assert (await Message.objects.aget(pk=theirs)).status == "streaming"


async def test_who_beats_between_two_looks_lives(loop: None, alice: User) -> None:
    one = Keeper(clock=Clock())
    message = await dead(alice)
    await one.look()
    await Generation.objects.aupdate(heartbeat_at=Now())
    await one.look()
    await Generation.objects.aupdate(heartbeat_at=LONG_AGO)
    await one.look()
    assert (await Message.objects.aget(pk=message)).status == "streaming"
    await one.look()
    assert (await Message.objects.aget(pk=message)).status == "interrupted"


async def test_a_look_that_was_held_up_ends_nobody(loop: None, alice: User) -> None:
    class Held(Clock):
        """Each time it is read a second and a half have gone."""

        def __call__(self) -> float:
            self.now += 1.5
            return self.now

    clock = Held()
    one = Keeper(Pace(look=1.0), clock)
    message = await dead(alice)
    for _ in range(3):
        await one.look()
    assert (await Message.objects.aget(pk=message)).status == "streaming"


async def test_two_reapers_at_once_end_each_answer_once(loop: None, alice: User) -> None:
    for _ in range(10):
        await dead(alice)

    def end() -> int:
        try:
            return reap()
        finally:
            connections.close_all()

    ended = await asyncio.gather(*(asyncio.to_thread(end) for _ in range(3)))
    assert sum(ended) == 10
    assert await Message.objects.filter(status="interrupted").acount() == 10


async def test_a_character_that_no_database_keeps_breaks_neither_question_nor_answer(
    tab: Tab, talk: Conversation
) -> None:
    use_model(say("a\0", "b"))
    await tab.send(**question("Why\0?"))
    assert (await tab.until("end"))["finish"] == "completed"
    assert tab.text == "a\ufffdb"
    found = Message.objects.filter(conversation=talk).order_by("id")
    assert [one.content async for one in found] == ["Why\ufffd?", "a\ufffdb"]
    assert await GenerationEvent.objects.aexists()
