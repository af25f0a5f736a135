import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest
from django.db import IntegrityError

from llm.groupcommit import GroupCommit


class Table:
    """A write that remembers its batches; `hold` makes it wait."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, items: Sequence[int]) -> None:
        self.open.wait()
        self.threads.add(threading.current_thread().name)
        if 1013 in items:
            raise IntegrityError("1013 points nowhere")
        if 2099 in items:
            raise OSError("the database is away")
        self.batches.append(list(items))


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
async def commits(table: Table) -> AsyncIterator[GroupCommit[int]]:
    commits = GroupCommit[int](table, name="group-test")
    yield commits
    table.open.set()
    await commits.close()


async def test_one_writer_waits_for_its_own_commit(table: Table, commits: GroupCommit[int]) -> None:
    await commits.add(1)
    assert table.batches == [[1]]


async def test_while_one_batch_is_written_the_next_gathers(table: Table, commits: GroupCommit[int]) -> None:
    table.open.clear()
    first = commits.add(0)
    await asyncio.sleep(0)  # the first is on its way to the table
    rest = [commits.add(number) for number in range(1, 100)]
    assert not first.done()
    table.open.set()
    await asyncio.gather(first, *rest)
    assert [len(batch) for batch in table.batches] == [1, 99]
    assert [number for batch in table.batches for number in batch] == list(range(100))


async def test_a_batch_has_a_bound(table: Table) -> None:
    commits = GroupCommit[int](table, name="group-test", most=10)
    await asyncio.gather(*(commits.add(number) for number in range(25)))
    await commits.close()
    assert [len(batch) for batch in table.batches] == [10, 10, 5]


async def test_all_is_written_in_one_thread_of_its_own(table: Table, commits: GroupCommit[int]) -> None:
    for number in range(3):
        await commits.add(number)
    assert table.threads == {"group-test_0"}


async def test_a_wrong_row_fails_alone(table: Table, commits: GroupCommit[int]) -> None:
    results = await asyncio.gather(*(commits.add(n) for n in (1012, 1013, 1014)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), IntegrityError, type(None)]
    assert table.batches == [[1012], [1014]]


async def test_when_the_database_is_away_everybody_hears_it(commits: GroupCommit[int]) -> None:
    results = await asyncio.gather(*(commits.add(n) for n in (2098, 2099)), return_exceptions=True)
    assert [str(result) for result in results] == ["the database is away"] * 2
    await commits.add(1)  # and the next ones are taken again


async def test_a_writer_that_left_is_written_nevertheless(table: Table, commits: GroupCommit[int]) -> None:
    table.open.clear()
    left = commits.add(1)
    left.cancel()
    table.open.set()
    await commits.flush()
    assert table.batches == [[1]]


async def test_close_writes_what_waits(table: Table) -> None:
    commits = GroupCommit[int](table, name="group-test", linger=60)
    late = commits.add(1)
    await commits.close()
    assert (late.done(), table.batches) == (True, [[1]])


async def test_with_a_linger_a_hurry_writes_now(table: Table) -> None:
    commits = GroupCommit[int](table, name="group-test", linger=60)
    first = commits.add(1)
    commits.add(2)
    commits.hurry()
    await first
    assert table.batches == [[1, 2]]
    await commits.close()
