"""The log of an answer: its flushes as rows, appended in groups, read from any point by any process."""

import asyncio
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from django.db import connection, models, transaction

from chat.models import GenerationEvent, Message
from llm import runloop
from llm.groupcommit import GroupCommit
from llm.models.agents import AgentStep
from llm.telemetry.meters import Gauge

LINGER = 0.2  # seconds in which the flushes of all turns of the process gather for one insert


class Flush(msgspec.Struct, frozen=True, gc=False):
    """Text `seq` of a generation and of its message; `seq` counts from 1 without gaps."""

    generation: uuid.UUID
    message: uuid.UUID
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


def waiting() -> int:
    """Return how many flushes wait to be written."""
    return len(_commits) if _commits else 0


WAITING = Gauge("parley_chat_log_waiting", "Flushes of answers that are not stored yet.", waiting)


async def settle(last: asyncio.Future[None] | None) -> None:
    """Wait until a turn's last flush is written, or has failed, without gathering for longer."""
    if last is not None and not last.done() and _commits is not None:
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


async def length(generation: uuid.UUID, run: uuid.UUID | None) -> int:
    """Return how many flushes of an answer there are: of an agent's, the rows of its journal."""
    if run:
        return await AgentStep.objects.filter(run=run).acount()
    return await GenerationEvent.objects.filter(generation=generation).acount()


async def _forget() -> None:
    global _commits
    if _commits is not None:
        await _commits.close()
    _commits = None


@transaction.atomic
def _insert(flushes: Sequence[Flush]) -> None:
    """Store flushes of answers that are still written: one that has ended elsewhere grows no more."""
    growing = _growing({flush.message for flush in flushes})
    store([flush for flush in flushes if flush.message in growing])


def _growing(messages: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return, of some messages, those still written; none of them ends while the transaction lasts."""
    keys = {_key(message): message for message in messages}
    marks = ", ".join(["%s"] * len(keys))
    lock = connection.ops.for_update_sql(no_key=True) if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN.format(marks=marks, lock=lock), [*keys, Message.Status.STREAMING.value])
        return {keys[key] for (key,) in cursor.fetchall()}


def store(flushes: Sequence[Flush]) -> None:
    """Add rows; those that are there already stay as they are."""
    keys = {generation: _key(generation) for generation in {flush.generation for flush in flushes}}
    rows = [(keys[flush.generation], flush.seq, flush.text) for flush in flushes]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def _key(pk: uuid.UUID) -> Any:
    """Return an id as the database has it."""
    return _UUIDS.get_db_prep_value(pk, connection)


_UUIDS: "models.UUIDField[uuid.UUID, uuid.UUID]" = models.UUIDField()
# Not by the ORM: with thousands of flushes a second its objects would hold up the loop.
_WRITTEN = "SELECT id FROM chat_message WHERE id IN ({marks}) AND status = %s ORDER BY id {lock}"
_INSERT = (
    "INSERT INTO chat_generationevent (generation_id, seq, text) VALUES (%s, %s, %s)"
    " ON CONFLICT (generation_id, seq) DO NOTHING"
)
