"""The log of an answer: its flushes as rows, appended in groups, read from any point by any process."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from chat.models import GenerationEvent
from llm import runloop
from llm.groupcommit import GroupCommit

LINGER = 0.2  # seconds in which the flushes of all turns of the process gather for one insert


@dataclass(frozen=True, slots=True)
class Flush:
    """Text `seq` of a generation; `seq` counts from 1 without gaps."""

    generation: uuid.UUID
    seq: int
    text: str


_commits: GroupCommit[Flush] | None = None


def append(flush: Flush) -> asyncio.Future[None]:
    """Append a flush; the future is done once it is durable. Call it on the process's loop."""
    global _commits
    if _commits is None:
        _commits = GroupCommit(_insert, name="chat-log", linger=LINGER)
        runloop.on_close(_forget)
    return _commits.add(flush)


async def settle(last: asyncio.Future[None] | None) -> None:
    """Wait until a turn's last flush is written, or has failed, without gathering for longer."""
    if last is not None and _commits is not None:
        _commits.hurry()
        await asyncio.wait([last])


async def read(generation: uuid.UUID, after: int) -> list[tuple[int, str]]:
    """Return (seq, text) of the flushes after `after`, in order, up to the first gap."""
    rows = GenerationEvent.objects.filter(generation=generation, seq__gt=after).order_by("seq")
    found: list[tuple[int, str]] = []
    async for seq, text in rows.values_list("seq", "text"):
        if seq != after + len(found) + 1:  # a row that another transaction has not shown yet
            break
        found.append((seq, text))
    return found


async def _forget() -> None:
    global _commits
    if _commits is not None:
        await _commits.close()
    _commits = None


def _insert(flushes: Sequence[Flush]) -> None:
    GenerationEvent.objects.bulk_create(
        [GenerationEvent(generation_id=flush.generation, seq=flush.seq, text=flush.text) for flush in flushes]
    )
