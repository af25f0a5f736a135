"""The books: one durable row for every attempt at a model."""

from collections.abc import Sequence
from dataclasses import dataclass

from llm import runloop
from llm.groupcommit import GroupCommit
from llm.types import Reply, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is booked of an attempt; `outcome` is `ok`, `stopped`, `fault` or the code of an error."""

    request: Request
    reply: Reply
    outcome: str
    error: str


_commits: GroupCommit[Entry] | None = None


async def write(entry: Entry) -> None:
    """Book an entry and return when it is durable; call it on the process's loop."""
    global _commits
    if _commits is None:
        _commits = GroupCommit(_insert, name="ledger")
        runloop.on_close(_forget)
    await _commits.add(entry)


async def _forget() -> None:
    global _commits
    if _commits is not None:
        await _commits.close()
    _commits = None


def _insert(entries: Sequence[Entry]) -> None:
    from llm.models import Call  # the pipeline can be imported before the apps are ready

    Call.objects.bulk_create([Call.of(entry) for entry in entries])
