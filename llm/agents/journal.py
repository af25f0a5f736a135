"""Writes what a run does, before and after it does it; many runs share a transaction.

Each write is durable before anything that depends on it happens, and is refused once another worker holds the
run or a person has stopped it.
"""

import os
import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from llm.agents.state import Record
from llm.groupcommit import GroupCommit
from llm.lease import LeaseLost
from llm.models.agents import AgentRun, AgentStep

CHANGES = (
    "status",
    "result",
    "code",
    "reason",
    "iterations",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost",
    "finished_at",
    "leased_until",
)


@dataclass(slots=True, kw_only=True)
class Entry:
    """Rows of one run and what changes in its sum, under the epoch of who writes."""

    run: uuid.UUID
    epoch: int
    records: Sequence[Record]
    changes: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False


class Journal:
    """The journal of this process's runs. Lives on the process's loop."""

    def __init__(self) -> None:
        self._commits: GroupCommit[Entry] = GroupCommit(store, name="journal")

    async def write(
        self, run: uuid.UUID, epoch: int, records: Sequence[Record], changes: Mapping[str, Any]
    ) -> None:
        """Write rows and changes of a run, as one; raises LeaseLost."""
        entry = Entry(run=run, epoch=epoch, records=records, changes=changes)
        await self._commits.add(entry)
        if entry.refused:
            raise LeaseLost

    async def close(self) -> None:
        """Write what waits."""
        await self._commits.close()


@sync_to_async
def read(run: uuid.UUID, after: int = 0) -> list[Record]:
    """Return the rows of a run after one."""
    return [record(row) for row in AgentStep.objects.of(run, after)]


def newer(positions: Iterable[tuple[uuid.UUID, int]]) -> dict[uuid.UUID, list[Record]]:
    """Return the rows of several runs after a position in each, in order; one query, none for nothing."""
    wanted = [Q(run=run, seq__gt=after) for run, after in positions]
    found: dict[uuid.UUID, list[Record]] = {}
    rows = AgentStep.objects.filter(reduce(or_, wanted)) if wanted else AgentStep.objects.none()
    for row in rows.order_by("run", "seq"):
        found.setdefault(row.run_id, []).append(record(row))
    return found


def record(row: AgentStep) -> Record:
    """Return a row as the loop knows it."""
    return Record(
        seq=row.seq, step=row.step, kind=row.kind, status=row.status, data=row.data, at=row.created_at
    )


def append(run: uuid.UUID, records: Sequence[Record]) -> None:
    """Add rows to a run that nobody drives, within the caller's transaction, which holds its row."""
    AgentStep.objects.bulk_create(AgentStep(run_id=run, **_columns(one)) for one in records)


def store(entries: Sequence[Entry]) -> None:
    """Write entries of several runs; marks those as refused whose run is not theirs any more."""
    with transaction.atomic():
        keys = {entry.run for entry in entries}
        held = {row.pk: row for row in AgentRun.objects.unfinished().locked(keys)}
        kept = []
        for entry in entries:
            row = held.get(entry.run)
            entry.refused = row is None or row.epoch != entry.epoch
            if row is not None and not entry.refused:
                kept.append(entry)
                _change(row, entry.changes)
        AgentStep.objects.bulk_create(_rows(kept))
        changed = {entry.run: held[entry.run] for entry in kept if entry.changes}
        AgentRun.objects.bulk_update(changed.values(), CHANGES)


def _change(row: AgentRun, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)


def _rows(entries: Sequence[Entry]) -> Iterator[AgentStep]:
    worker = f"{socket.gethostname()[:60]}:{os.getpid()}"
    for entry in entries:
        for one in entry.records:
            yield AgentStep(run_id=entry.run, epoch=entry.epoch, worker=worker, **_columns(one))


def _columns(one: Record) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "step": one.step,
        "kind": one.kind,
        "status": one.status,
        "data": dict(one.data),
        "created_at": one.at or timezone.now(),
    }
