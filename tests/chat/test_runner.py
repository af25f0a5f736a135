"""What a process keeps of the answers that it writes, and how they end."""

import asyncio
import uuid
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db.models.functions import Now

from chat import asking, keeper, keeping, log, reading, runner, service, turns
from chat.keeper import Keeper, Pace
from chat.log import Flush
from chat.models import Conversation, Generation, GenerationEvent, Message
from chat.turns import Asked, Outcome, Turn
from llm.providers.scripted import say
from llm.replies import Replies
from prompts.content import STOP
from prompts.models import PRODUCTION, Prompt
from prompts.service import move_label, save_version
from tests.chat.conftest import Tab, question, use_model

pytestmark = pytest.mark.django_db(transaction=True)


class Steps:
    """The pauses of a script: each ends when the test lets it."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(0)

    async def __call__(self, _: float) -> None:
        await self._free.acquire()

    def let(self, pieces: int = 1) -> None:
        for _ in range(pieces):
            self._free.release()


def reap() -> int:
    """End the generations that do not beat, at once."""
    return keeper.reap(keeper.suspects())


async def logged(turn: Turn, flushes: int) -> None:
    """Wait until the log holds so many flushes."""
    run = runner.running(turn.generation)
    assert run is not None
    for _ in range(500):
        if run.stored >= flushes:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("The log does not hold them.")


async def sent(user: User, talk: Conversation, text: str = "Hello") -> Turn:
    return await service.send(user, talk.pk, Asked(text=text, client_id=uuid.uuid4()))


async def ended(turn: Turn) -> Message:
    if run := runner.running(turn.generation):
        await run.task
    return await Message.objects.aget(pk=turn.message)


async def test_a_beat_stores_a_snapshot_of_what_the_log_holds(alice: User, talk: Conversation) -> None:
    steps = Steps()
    use_model(say("One ", "two", pause=1), sleep=steps)
    turn = await sent(alice, talk)
    steps.let()
    await logged(turn, 1)
    await Keeper().beat()
    message = await Message.objects.aget(pk=turn.message)
    assert (message.status, message.content, message.seq) == ("streaming", "One ", 1)
    steps.let()
    await logged(turn, 2)
    thread = await sync_to_async(lambda: reading.thread(talk))()
    assert (thread[-1].content, thread[-1].seq) == ("One two", 2)


async def test_an_answer_that_was_reaped_stops_here_and_its_log_grows_no_more(
    tab: Tab, alice: User, talk: Conversation
) -> None:
    steps = Steps()
    use_model(say("One ", "two ", "three", pause=1), sleep=steps)
    turn = await sent(alice, talk)
    steps.let()
    await logged(turn, 1)
    await Generation.objects.aupdate(heartbeat_at="2026-01-01T00:00Z")
    assert await sync_to_async(reap)() == 1
    steps.let()
    await tab.until("delta")
    await Keeper().beat()
    end = await tab.until("end")
    assert (end["finish"], end["seq"]) == ("interrupted", 1)
    message = await ended(turn)
    assert (message.status, message.content) == ("interrupted", "One ")
    assert await GenerationEvent.objects.acount() == 1


async def test_a_reaped_answer_keeps_snapshot_and_log_and_shows_as_unread(
    alice: User, talk: Conversation
) -> None:
    turn = await sync_to_async(asking.ask_alone)(alice, talk.pk, Asked(text="Hello"), uuid.uuid4())
    flushes = [Flush(turn.generation, turn.message, seq, text) for seq, text in enumerate("abcd", 1)]
    await sync_to_async(log.store)([*flushes[:3], Flush(turn.generation, turn.message, 5, "after a gap")])
    await Message.objects.filter(pk=turn.message).aupdate(content="ab", seq=2)
    await sync_to_async(reading.mark_read)(talk)
    await Generation.objects.aupdate(heartbeat_at="2026-01-01T00:00Z")
    await sync_to_async(reap)()
    message = await ended(turn)
    assert (message.content, message.seq, message.status) == ("abc", 3, "interrupted")
    [listed] = await sync_to_async(lambda: reading.listed(alice))()
    assert (listed.unread, listed.running) == (True, False)


async def test_one_that_still_beats_is_not_reaped(alice: User, talk: Conversation) -> None:
    await sync_to_async(asking.ask_alone)(alice, talk.pk, Asked(text="Hello"), uuid.uuid4())
    assert await sync_to_async(keeper.suspects)() == set()


async def test_a_stop_mark_of_another_process_is_heard(tab: Tab, alice: User, talk: Conversation) -> None:
    use_model(say("One", pause=60))
    turn = await sent(alice, talk)
    await sync_to_async(turns.mark_to_stop)([turn.generation])
    await Keeper().round()
    assert (await tab.until("end"))["finish"] == "stopped"


async def test_a_stop_in_the_moment_of_the_start_ends_the_answer(alice: User, talk: Conversation) -> None:
    model = use_model("never")
    turn = await sent(alice, talk)
    runner.cancel(turn.generation)  # its call has had no turn of the loop yet
    assert (await ended(turn)).status == "stopped"
    assert not model.requests


async def test_the_end_brings_the_flushes_that_the_log_lacks(alice: User, talk: Conversation) -> None:
    turn = await sync_to_async(asking.ask_alone)(alice, talk.pk, Asked(text="Hello"), uuid.uuid4())
    missing = [Flush(turn.generation, turn.message, seq, text) for seq, text in enumerate("ab", 1)]
    await sync_to_async(log.store)(missing[:1])
    outcome = Outcome(status="completed", text="ab", seq=2)
    assert await sync_to_async(turns.finish)(turn.generation, outcome, missing)
    assert not await sync_to_async(turns.finish)(turn.generation, replace(outcome, text="twice"), [])
    assert [text for _, text in await log.read(turn.generation, 0)] == ["a", "b"]


def stop_when_unread() -> None:
    prompt = Prompt.objects.get(slug="assistant")
    content = replace(prompt.versions.get().content, on_disconnect=STOP)
    move_label(prompt, PRODUCTION, save_version(prompt, content, author=None), who=None)


async def test_an_answer_that_runs_only_while_it_is_read_stops_after_its_last_reader(
    tab: Tab, alice: User, talk: Conversation
) -> None:
    now = 0.0
    keeper = Keeper(Pace(alone=5), clock=lambda: now)
    await sync_to_async(stop_when_unread)()
    use_model(say("One", pause=60))
    turn = await sent(alice, talk)
    await keeper.round()
    await tab.close()
    for now, stops in ((10.0, False), (14.0, False), (15.0, True)):  # noqa: B007 the clock reads `now`
        await keeper.round()
        generation = await Generation.objects.aget(pk=turn.generation)
        assert (generation.stop_requested_at is not None) is stops
    assert (await ended(turn)).status == "stopped"


async def test_a_reader_in_another_process_keeps_it_running(
    tab: Tab, alice: User, talk: Conversation
) -> None:
    now = 0.0
    keeper = Keeper(Pace(alone=5), clock=lambda: now)
    await sync_to_async(stop_when_unread)()
    use_model(say("One", pause=60))
    turn = await sent(alice, talk)
    await keeper.round()
    await tab.close()
    await keeper.round()
    now = 60.0
    await Generation.objects.aupdate(read_at=Now())
    await keeper.round()
    run = runner.running(turn.generation)
    assert run is not None
    assert not run._call.cancelling()


async def test_regenerate_asks_the_model_anew_with_the_prompt_and_model_of_the_answer(tab: Tab) -> None:
    model = use_model("One.", "Two.")
    await tab.send(**question(), model="local:smollm2")
    start = await tab.until("start")
    await tab.until("end")
    await tab.send(type="regenerate", message=start["message"])
    again = await tab.until("start")
    await tab.until("end")
    first, second = model.requests
    assert (first.cache.read, second.cache.read) == (True, False)
    assert (second.model, second.prompt) == (first.model, first.prompt)
    answer = await Message.objects.select_related("generation").aget(pk=again["message"])
    assert answer.generation.requested_model == "local:smollm2"


async def test_continue_begins_with_the_old_text_and_shows_it_to_the_model(tab: Tab) -> None:
    model = use_model(say("Once upon", finish="length"), " a time.")
    await tab.send(**question("Tell a story"))
    start = await tab.until("start")
    assert (await tab.until("end"))["finish"] == "length"
    tab.frames.clear()
    await tab.send(type="regenerate", message=start["message"], **{"continue": True})
    again = await tab.until("start")
    end = await tab.until("end")
    assert (tab.text, again["parent"], end["finish"]) == ("Once upon a time.", start["parent"], "completed")
    shown = [(message.role, message.content) for message in model.requests[1].messages]
    assert shown[-2] == ("assistant", "Once upon")
    assert shown[-1][0] == "user"
    old = await Message.objects.aget(pk=start["message"])
    assert (old.content, old.status) == ("Once upon", "length")


async def test_there_is_nothing_to_continue_without_text(tab: Tab) -> None:
    use_model(say("never", pause=60))
    await tab.send(**question())
    start = await tab.until("start")
    await tab.send(type="stop", generation=start["generation"])
    await tab.until("end")
    await tab.send(type="regenerate", message=start["message"], **{"continue": True})
    assert (await tab.until("error"))["code"] == "conflict"


async def test_a_kept_answer_says_how_long_it_took_this_time(alice: User, talk: Conversation) -> None:
    model = use_model("One.", kept=Replies())
    other = await sync_to_async(keeping.begin)(alice)
    for conversation in (talk, other):
        await ended(await sent(alice, conversation))
    assert len(model.requests) == 1
    answer = await Generation.objects.aget(message__conversation=other)
    assert answer.cached
    assert None not in (answer.first_token_ms, answer.total_ms)
