import asyncio

import pytest

from llm.errors import Unavailable
from llm.flight import Flight
from llm.types import Delta, Emit, Reply, ToolCall, discard
from tests.llm.layers.fakes import Collected, Held, answer, ask, until


def flight(held: Held) -> Flight:
    return Flight(lambda emit: held(ask(), emit))


async def test_who_joins_late_gets_what_has_come_so_far() -> None:
    held = Held("a", "b", "c")
    one = flight(held)
    early, late = Collected(), Collected()
    first = asyncio.create_task(one.join(early))
    held.release(2)
    await until(lambda: early.text == "ab")
    second = asyncio.create_task(one.join(late))
    await until(lambda: late.text == "ab")
    held.release(2)
    replies = await asyncio.gather(first, second)
    assert (early.text, late.text, held.calls) == ("abc", "abc", 1)
    assert replies[0] == replies[1]


async def test_who_leaves_changes_nothing_and_the_last_cancels_the_call() -> None:
    held = Held("a", "b")
    one = flight(held)
    stays, leaves = Collected(), Collected()
    first, second = asyncio.create_task(one.join(stays)), asyncio.create_task(one.join(leaves))
    held.release(1)
    await until(lambda: stays.text == leaves.text == "a")
    second.cancel()
    await asyncio.wait([second])
    assert not held.cancelled
    first.cancel()
    await asyncio.wait([first])
    assert held.cancelled


async def test_who_is_read_elsewhere_flies_on_until_nobody_is_left() -> None:
    held, away = Held("a"), [True]
    one = flight(held)

    async def read_elsewhere() -> bool:
        return away[0]

    one.read_elsewhere = read_elsewhere
    reader = asyncio.create_task(one.join(discard))
    await until(lambda: held.calls == 1)
    reader.cancel()
    await asyncio.wait([reader])
    assert not one.stopping
    away[0] = False
    assert await one.cancel_unread()
    await asyncio.wait([one.task])
    assert held.cancelled


async def test_a_second_reader_who_leaves_does_not_hurry_what_books_the_stop() -> None:
    booked = asyncio.Event()

    async def books(emit):  # type: ignore[no-untyped-def]
        try:
            await asyncio.Event().wait()
        finally:
            await booked.wait()

    one = Flight(books)
    readers = [asyncio.create_task(one.join(discard)) for _ in range(2)]
    await asyncio.sleep(0)
    for reader in readers:
        reader.cancel()
    await until(lambda: one.stopping)
    assert await one.cancel_unread()
    assert one.task.cancelling() == 1
    booked.set()
    await asyncio.wait(readers)


async def test_a_failure_reaches_all() -> None:
    async def fails(emit):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        raise Unavailable("down")

    one = Flight(fails)
    results = await asyncio.gather(one.join(discard), one.join(Collected()), return_exceptions=True)
    assert [str(result) for result in results] == ["down", "down"]


async def test_a_slow_reader_delays_nobody() -> None:
    held, quick = Held("a", "b"), Collected()
    one = flight(held)

    async def never(_: object) -> None:
        await asyncio.Event().wait()

    slow = asyncio.create_task(one.join(never))
    await asyncio.sleep(0)
    held.release(3)
    await one.join(quick)
    assert quick.text == "ab"
    slow.cancel()


async def test_it_was_seen_only_when_a_reader_took_a_delta() -> None:
    held = Held("a")
    one = flight(held)
    whole = asyncio.create_task(one.join(discard))
    held.release(1)
    await until(lambda: len(one._kept) == 1)
    assert not one.seen
    reader = Collected()
    streamed = asyncio.create_task(one.join(reader))
    await until(lambda: reader.text == "a")
    assert one.seen
    held.release(1)
    await asyncio.gather(whole, streamed)


async def test_a_fault_without_readers_is_not_reported_as_forgotten() -> None:
    async def fails(emit):  # type: ignore[no-untyped-def]
        raise Unavailable

    one = Flight(fails)
    await asyncio.wait([one.task])
    with pytest.raises(Unavailable):
        await one.join(discard)


async def test_who_joins_late_gets_the_text_between_two_calls_as_one() -> None:
    call = Delta(tool_call=ToolCall(id="1", name="look", arguments="{}"))

    async def answers(emit: Emit) -> Reply:
        for delta in (Delta(text="a"), Delta(text="b"), call, Delta(text="c"), Delta(text="d")):
            await emit(delta)
        return answer("abcd")

    one = Flight(answers)
    await asyncio.wait([one.task])
    got: list[Delta] = []

    async def late(delta: Delta) -> None:
        got.append(delta)

    await one.join(late)
    assert got == [Delta(text="ab"), call, Delta(text="cd")]
