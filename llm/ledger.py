"""The books: one durable row for every attempt at a model, and what was said in it, redacted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings
from django.db import IntegrityError, transaction

from llm import runloop
from llm.entry import Entry
from llm.groupcommit import GroupCommit
from llm.inserting import insert
from llm.telemetry import conventions, figures, lines
from llm.telemetry.meters import Gauge
from llm.types import Owner

WITH_TEXTS = ("full", "redacted")  # ways to log calls that keep what was said
OBSERVERS: tuple[Callable[[Entry], None], ...] = (lines.log, figures.count, conventions.trace)

_commits: GroupCommit[Entry] | None = None
_listeners: list[Callable[[Entry], None]] = []


@contextmanager
def heard_by(listener: Callable[[Entry], None]) -> Iterator[None]:
    """Tell `listener` of every entry of this process while the block runs; for tests that count calls."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


async def tell(entry: Entry) -> None:
    """Tell the listeners of an entry without booking it."""
    for listener in tuple(_listeners):
        listener(entry)


async def write(entry: Entry) -> None:
    """Book an entry and return when it is durable; call it on the process's loop."""
    global _commits
    await tell(entry)
    for observe in OBSERVERS:
        observe(entry)
    if _commits is None:
        _commits = GroupCommit(_insert, name="ledger")
        runloop.on_close(_forget)
    await _commits.add(entry)


def _waiting() -> int:
    return len(_commits) if _commits else 0


WAITING = Gauge("parley_ledger_waiting", "Rows of the ledger that are not durable yet.", _waiting)


async def _forget() -> None:
    global _commits
    closing, _commits = _commits, None  # what is booked meanwhile gets another
    if closing is not None:
        await closing.close()


def _insert(entries: Sequence[Entry]) -> None:
    """Store entries; one whose person or key was erased while it was under way is nobody's."""
    try:
        _store(entries)
    except IntegrityError:
        if len(entries) > 1:
            raise  # each of them is tried alone then
        _store([_of_nobody(entries[0])])


def _of_nobody(entry: Entry) -> Entry:
    return replace(entry, request=replace(entry.request, owner=Owner()))


def _store(entries: Sequence[Entry]) -> None:
    from llm.models import Call, CallBody  # the pipeline can be imported before the apps are ready

    calls = [Call.values_of(entry) for entry in entries]
    bodies = [
        CallBody.values_of(call, entry)
        for call, entry in zip(calls, entries, strict=True)
        if settings.PARLEY.call_log_mode(entry.request.feature) in WITH_TEXTS
    ]
    with transaction.atomic():
        insert(Call, calls)
        insert(CallBody, bodies)
