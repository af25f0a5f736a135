"""The end of the process that writes: asked to end, killed, or only held up for a while."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.services.chat_site import Site, Web
from tests.services.people import Program, Tab
from tests.wire import text

BEAT = 1.0  # seconds
PACE = {"beat": BEAT, "look": 0.2 * BEAT, "dead_after": 1.6 * BEAT}


@pytest.fixture(scope="module")
def reading(chat: Site) -> Iterator[Web]:
    """The process that goes on."""
    [web] = chat.begin({"pace": PACE})
    yield web
    chat.end(web)


@pytest.fixture
def writing(chat: Site) -> Iterator[Web]:
    """The process whose end it is."""
    [web] = chat.begin({"pace": PACE, "drain": 2.0})
    yield web
    web.kill()


@pytest.fixture
async def far(alice: Program, writing: Web, reading: Web) -> AsyncIterator[Tab]:
    """A tab at the process that goes on."""
    conversation = await alice.conversation(writing.port)
    async with Tab(alice, lambda: reading.port, conversation) as tab:
        yield tab


async def ask(alice: Program, writing: Web, tab: Tab) -> None:
    body = {"id": "019a0000-0000-7000-8000-000000000001", "text": "Hello"}
    await alice.post(writing.port, f"/conversations/{tab.conversation}/messages", body)


async def drains(alice: Program, web: Web) -> None:
    """Wait until a process says that it is going down; it begins nothing more, but ends what it has begun."""
    for _ in range(100):
        status, said = await alice.asked("GET", web.port, "/ready")
        if said["status"] == "draining":
            break
        await asyncio.sleep(0.01)
    assert (status, said["status"], said["database"]) == (503, "draining", "ok")
    begun = await alice.conversation(web.port)
    question = {"id": str(uuid.uuid4()), "text": "Hello"}
    status, said = await alice.asked("POST", web.port, f"/conversations/{begun}/messages", question)
    assert (status, said["code"]) == (503, "unavailable")


async def logged(alice: Program, web: Web, tab: Tab, text: str) -> None:
    """Wait until the log holds a text, which is a fifth of a second after it was shown."""
    for _ in range(100):
        if (await alice.answer(web.port, tab.conversation))["content"] == text:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("The log does not hold it.")


async def test_a_killed_process_leaves_an_interrupted_answer_with_its_text_and_regenerate_works(
    chat: Site, alice: Program, writing: Web, reading: Web, far: Tab
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text("One ", "two ", "three", gate=gate), text("Whole."))
    await ask(alice, writing, far)
    gate.let(2)
    await far.until(lambda tab: tab.text == "One two ")
    await logged(alice, reading, far, "One two ")
    writing.kill()
    killed = time.monotonic()
    await far.until(lambda tab: tab.end)
    assert time.monotonic() - killed < 2 * BEAT + 0.5  # and a look at the log
    assert (far.end["finish"], far.text) == ("interrupted", "One two ")
    stored = await alice.answer(reading.port, far.conversation)
    assert (stored["status"], stored["content"]) == ("interrupted", "One two ")
    listed = await alice.get(reading.port, "/conversations")
    assert [one["unread"] for one in listed["conversations"] if one["id"] == far.conversation] == [True]

    await far.send(type="regenerate", message=far.message)
    await far.until(lambda tab: tab.end.get("finish") == "completed")
    assert far.text == "Whole."


async def test_a_process_that_was_held_up_does_not_write_over_what_was_reaped(
    chat: Site, alice: Program, writing: Web, reading: Web, far: Tab
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text("One ", "two ", "three ", "four", gate=gate))
    await ask(alice, writing, far)
    async with Tab(alice, lambda: writing.port, far.conversation) as near:
        gate.let(2)
        await far.until(lambda tab: tab.text == "One two ")
        await logged(alice, reading, far, "One two ")
        writing.pause()
        await far.until(lambda tab: tab.end)
        gate.let(1)
        writing.go_on()
        await near.until(lambda tab: tab.end)
        assert near.end["finish"] == far.end["finish"] == "interrupted"
    await chat.wire.until(lambda: chat.wire.requests[-1].closed)
    stored = await alice.answer(reading.port, far.conversation)
    assert (stored["status"], stored["content"]) == ("interrupted", "One two ")
    async with Tab(alice, lambda: reading.port, far.conversation) as late:
        late.begin(far.generation, far.message)
        await late.resume()
        await late.until(lambda tab: tab.end)
        assert late.text == "One two "


async def test_at_sigterm_what_ends_in_time_is_complete_and_the_rest_says_interrupted(
    chat: Site, alice: Program, writing: Web, reading: Web, far: Tab
) -> None:
    quick, slow = chat.wire.gate(), chat.wire.gate()
    chat.wire.script(text("In ", "time", gate=quick), text("Too ", "late", gate=slow))
    other = await alice.conversation(writing.port)
    async with Tab(alice, lambda: reading.port, other) as late:
        asked = len(chat.wire.requests)
        await ask(alice, writing, far)
        await chat.wire.until(lambda: len(chat.wire.requests) > asked)
        await ask(alice, writing, late)
        quick.let(1)
        slow.let(1)
        await far.until(lambda tab: tab.text == "In ")
        await late.until(lambda tab: tab.text == "Too ")
        writing.terminate()
        await drains(alice, writing)
        quick.open()
        for tab, finish, said in ((far, "completed", "In time"), (late, "interrupted", "Too ")):
            await tab.until(lambda tab: tab.end)
            assert (tab.end["finish"], tab.text) == (finish, said)
            stored = await alice.answer(reading.port, tab.conversation)
            assert (stored["status"], stored["content"]) == (finish, said)
        writing.wait()


async def test_a_question_that_is_sent_many_times_is_asked_once_in_all_processes_and_after_a_kill(
    chat: Site, alice: Program, writing: Web, reading: Web, far: Tab
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text("One ", "two ", gate=gate))
    asked = len(chat.wire.requests)
    question = {"id": str(uuid.uuid4()), "text": "Hello"}
    at = f"/conversations/{far.conversation}/messages"
    begun = await alice.post(writing.port, at, question)
    again = [alice.post(web.port, at, question) for web in (writing, reading) * 5]
    assert await asyncio.gather(*again) == [begun] * 10
    gate.let(1)
    await far.until(lambda tab: tab.text == "One ")
    await logged(alice, reading, far, "One ")
    writing.kill()
    assert await alice.post(reading.port, at, question) == begun
    await far.until(lambda tab: tab.end)
    async with Tab(alice, lambda: reading.port, far.conversation) as late:
        await late.send(type="send", **question)
        await late.until(lambda tab: tab.end)
        assert (late.generation, late.text) == (begun["generation"], "One ")
        assert late.end["finish"] == "interrupted"
    assert len(chat.wire.requests) == asked + 1


async def test_ten_equal_questions_at_once_in_two_processes_are_one(
    chat: Site, alice: Program, writing: Web, reading: Web, far: Tab
) -> None:
    chat.wire.script(text("Once."))
    asked = len(chat.wire.requests)
    question = {"id": str(uuid.uuid4()), "text": "Hello"}
    at = f"/conversations/{far.conversation}/messages"
    first, *others = await asyncio.gather(
        *(alice.post(web.port, at, question) for web in (writing, reading) * 5)
    )
    assert others == [first] * 9
    await far.until(lambda tab: tab.end)
    assert (far.generation, far.text) == (first["generation"], "Once.")
    assert len(chat.wire.requests) == asked + 1


async def test_while_the_database_is_held_up_answers_go_on_and_nobody_is_taken_for_dead(
    chat: Site, alice: Program, writing: Web, reading: Web, far: Tab
) -> None:
    pieces = [f"{number} " for number in range(1000)]
    gate = chat.wire.gate()
    chat.wire.script(text(*pieces, gate=gate))
    await ask(alice, writing, far)
    async with Tab(alice, lambda: writing.port, far.conversation) as near:
        gate.let(2)
        await near.until(lambda tab: tab.text == "0 1 ")
        with chat.held_up():
            gate.let(len(pieces) - 2)
            await asyncio.sleep(1.5 * PACE["dead_after"])
        for tab in (near, far):
            await tab.until(lambda tab: tab.end)
            assert (tab.end["finish"], tab.text) == ("completed", "".join(pieces))
    stored = await alice.answer(reading.port, far.conversation)
    assert (stored["status"], stored["content"]) == ("completed", "".join(pieces))
