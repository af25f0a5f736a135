"""Follows runs for those who look at them: one look at the database a tick, however many look."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Max

from llm import runloop
from llm.agents import journal
from llm.agents.state import Record
from llm.models.agents import AgentRun

TICK = 0.25  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened to a run: a row of its journal, or with `status` how it stands now.

    `seq` is that of the newest row; whoever comes back asks for what came after it.
    """

    seq: int
    record: Record | None = None
    status: str = ""


class Watcher:
    """Looks for all readers of this process. Lives on the process's loop."""

    def __init__(self, tick: float = TICK) -> None:
        self._tick = tick
        self._readers: defaultdict[uuid.UUID, set[_Reader]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    def join(self, run: uuid.UUID, after: int) -> "_Reader":
        """Begin to read a run after a row; `leave` ends it."""
        reader = _Reader(run=run, seq=after)
        self._readers[run].add(reader)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return reader

    def leave(self, reader: "_Reader") -> None:
        """Stop reading."""
        self._readers[reader.run].discard(reader)
        if not self._readers[reader.run]:
            del self._readers[reader.run]

    async def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        while self._readers:
            readers = [reader for some in self._readers.values() for reader in some]
            for reader, news in await sync_to_async(_news)(readers):
                reader.tell(news)
            await asyncio.sleep(self._tick)


class _Reader:
    """Who reads one run: what it has seen, and what waits for it."""

    def __init__(self, *, run: uuid.UUID, seq: int) -> None:
        self.run = run
        self.seq = seq
        self.status = ""
        self.waiting: asyncio.Queue[News] = asyncio.Queue()

    def tell(self, news: News) -> None:
        self.seq = news.seq
        self.status = news.status or self.status
        self.waiting.put_nowait(news)


def _news(readers: list[_Reader]) -> list[tuple[_Reader, News]]:
    """Return what each reader has not seen, oldest first; how a run stands comes after its rows."""
    runs = {reader.run for reader in readers}
    rows = AgentRun.objects.filter(pk__in=runs).annotate(newest=Max("steps__seq"))
    stands = {
        run: (status, newest or 0) for run, status, newest in rows.values_list("pk", "status", "newest")
    }
    late = [reader for reader in readers if reader.run in stands and stands[reader.run][1] > reader.seq]
    records = journal.newer((reader.run, reader.seq) for reader in late)
    found = []
    for reader in readers:
        status, _ = stands.get(reader.run, ("gone", 0))
        fresh = [one for one in records.get(reader.run, ()) if one.seq > reader.seq]
        found += [(reader, News(seq=one.seq, record=one)) for one in fresh]
        if status != reader.status:
            found.append((reader, News(seq=fresh[-1].seq if fresh else reader.seq, status=status)))
    return found


_watcher: Watcher | None = None


def watcher() -> Watcher:
    """Return the process's watcher, made at its first use; call it on the process's loop."""
    global _watcher
    if _watcher is None:
        _watcher = Watcher()
        runloop.on_close(_forget)
    return _watcher


async def _forget() -> None:
    global _watcher
    if _watcher is not None:
        await _watcher.close()
    _watcher = None


async def follow(run: uuid.UUID, after: int = 0, silence: float = 15.0) -> AsyncIterator[News | None]:
    """Yield the news of a run from a row on, to its end; None after `silence` seconds without any.

    Runs on the process's loop. Whoever stops early closes it.
    """
    reader = watcher().join(run, after)
    try:
        while True:
            try:
                news = await asyncio.wait_for(reader.waiting.get(), silence)
            except TimeoutError:
                yield None
                continue
            yield news
            if news.status in ENDED:
                return
    finally:
        watcher().leave(reader)


ENDED: tuple[Any, ...] = (*AgentRun.ENDED, "gone")
