"""Many questions at a time: bounded, in order, each failing alone."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

import llm
from llm.errors import Overloaded, TimedOut
from llm.testing import Scripted, error, say, when

type Script = Callable[..., Scripted]


def ask(text: str) -> llm.Request:
    return llm.Request(messages=(llm.Message.user(text),), feature="map")


class Room:
    """Counts how many are inside at a time; lets them out when the test says so."""

    def __init__(self) -> None:
        self.inside = self.most = self.cancelled = 0
        self.entered = asyncio.Semaphore(0)
        self.out = asyncio.Semaphore(0)

    async def __call__(self, item: int) -> int:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered.release()
        try:
            await self.out.acquire()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.inside -= 1
        return item * 10


async def test_gives_results_in_order_and_a_failure_in_the_place_of_its_own(script: Script) -> None:
    script(when("bad", error(Overloaded)), when(lambda _: True, lambda r: r.messages[0].content.upper()))
    results = await llm.map([ask("a"), ask("bad"), ask("c")])
    assert [r.text if isinstance(r, llm.Reply) else type(r) for r in results] == ["A", Overloaded, "C"]


async def test_has_no_more_under_way_than_the_limit() -> None:
    room = Room()
    running = asyncio.create_task(llm.map(range(20), room, limit=3))
    for _ in range(20):
        await room.entered.acquire()
        room.out.release()
    assert await running == [n * 10 for n in range(20)]
    assert room.most == 3


async def test_takes_from_an_async_iterator_only_when_there_is_room() -> None:
    taken: list[int] = []

    async def endless() -> AsyncIterator[int]:
        for number in range(1_000_000):
            taken.append(number)
            yield number

    room = Room()
    running = asyncio.create_task(llm.map(endless(), room, limit=4))
    for _ in range(4):
        await room.entered.acquire()
    assert taken == [0, 1, 2, 3]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert room.cancelled == 4


async def test_gives_up_an_item_that_takes_too_long(script: Script) -> None:
    script(when("slow", say("never", pause=60)), when("quick", "Here."))
    slow, quick = await llm.map([ask("slow"), ask("quick")], timeout=0.5)
    assert isinstance(slow, TimedOut)
    assert isinstance(quick, llm.Reply)


async def test_tells_how_far_it_is() -> None:
    seen: list[llm.Progress] = []

    async def call(item: int) -> int:
        if item == 1:
            raise Overloaded
        return item

    await llm.map([0, 1, 2], call, limit=1, on_progress=seen.append)
    assert [(p.done, p.failed, p.total, p.index) for p in seen] == [(1, 0, 3, 0), (2, 1, 3, 1), (3, 1, 3, 2)]
    assert isinstance(seen[1].result, Overloaded)


async def test_awaits_a_progress_that_is_a_coroutine() -> None:
    seen: list[int | None] = []

    async def note(progress: llm.Progress) -> None:
        await asyncio.sleep(0)
        seen.append(progress.total)

    async def items() -> AsyncIterator[int]:
        yield 1

    async def call(item: int) -> int:
        return item

    assert await llm.map(items(), call, on_progress=note) == [1]
    assert seen == [None]


async def test_a_bug_stops_all_and_is_raised() -> None:
    room = Room()

    async def call(item: int) -> int:
        if item == 2:
            raise KeyError("a bug")
        return await room(item)

    with pytest.raises(KeyError, match="a bug"):
        await llm.map([0, 1, 2], call)
    assert room.cancelled == 2


async def test_a_time_limit_of_the_call_itself_is_not_taken_for_ours() -> None:
    async def call(_: int) -> int:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await llm.map([0], call, timeout=60)


async def test_nothing_in_nothing_out() -> None:
    assert await llm.map([]) == []
    with pytest.raises(ValueError, match="limit is 0"):
        await llm.map([], limit=0)


def test_code_that_is_not_async_waits_for_it(script: Script) -> None:
    script("One.", "Two.")
    results = llm.wait(llm.map([ask("1"), ask("2")], limit=1))
    assert [r.text for r in results if isinstance(r, llm.Reply)] == ["One.", "Two."]
