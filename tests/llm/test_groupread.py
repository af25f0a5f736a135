import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from llm import runloop
from llm.groupread import GroupRead


class Table:
    """A read that remembers what it was asked; while `open` is not set it waits."""

    def __init__(self) -> None:
        self.rows = {"a": 1, "b": 2}
        self.asked: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()
        self.looked = threading.Event()

    def __call__(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(sorted(keys))
        found = {key: self.rows[key] for key in keys if key in self.rows}
        self.looked.set()
        self.open.wait()
        if "broken" in keys:
            raise OSError("the database is away")
        if "\ud800" in keys:
            raise ValueError("half a character")
        return found


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
async def reads(table: Table) -> AsyncIterator[GroupRead[str, int]]:
    runloop.adopt()
    yield GroupRead[str, int](table, name="read-test")
    table.open.set()
    await runloop.close()


async def test_each_gets_its_own(reads: GroupRead[str, int]) -> None:
    assert await asyncio.gather(*map(reads.get, ("a", "b", "c"))) == [1, 2, None]


async def test_what_is_asked_while_a_query_runs_is_one_query_more(
    table: Table, reads: GroupRead[str, int]
) -> None:
    table.open.clear()
    asked = [asyncio.create_task(reads.get(key)) for key in "aabbbc"]
    await asyncio.to_thread(table.looked.wait)
    asked += [asyncio.create_task(reads.get(key)) for key in "abab"]
    await asyncio.sleep(0)
    table.open.set()
    assert await asyncio.gather(*asked) == [1, 1, 2, 2, 2, None, 1, 2, 1, 2]
    assert table.asked[-1] == ["a", "b"]
    assert len(table.asked) <= 3


async def test_an_answer_is_as_new_as_its_question(table: Table, reads: GroupRead[str, int]) -> None:
    table.open.clear()
    early = asyncio.create_task(reads.get("a"))
    await asyncio.to_thread(table.looked.wait)
    table.rows["a"] = 7  # after the first query looked
    late = asyncio.create_task(reads.get("a"))
    await asyncio.sleep(0)
    table.open.set()
    assert [await early, await late] == [1, 7]


async def test_a_failure_is_heard_by_who_asked_and_not_kept(reads: GroupRead[str, int]) -> None:
    with pytest.raises(OSError, match="away"):
        await reads.get("broken")
    assert await reads.get("a") == 1


async def test_a_key_that_no_database_takes_fails_alone(table: Table, reads: GroupRead[str, int]) -> None:
    table.open.clear()
    first = asyncio.create_task(reads.get("b"))
    await asyncio.to_thread(table.looked.wait)
    asked = [asyncio.create_task(reads.get(key)) for key in ("a", "\ud800", "b")]
    await asyncio.sleep(0)
    table.open.set()
    good, bad, other = await asyncio.gather(*asked, return_exceptions=True)
    assert (await first, good, other) == (2, 1, 2)
    assert isinstance(bad, ValueError)


def test_any_loop_may_ask(table: Table) -> None:
    reads = GroupRead[str, int](table, name="read-test")
    assert [asyncio.run(reads.get(key)) for key in "ab"] == [1, 2]
