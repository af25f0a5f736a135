"""What is too old to keep. Rows of the ledger are kept for ever; what was said is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from llm.models import AgentRun, Batch, BatchItem, CachedReply, CallBody, KeptAnswer

BATCH = 1000  # rows a transaction: a writer beside it never waits for long
KEPT = timedelta(days=1)  # in which a request that is sent again gets the answer of the first time
STALE = timedelta(days=7)  # an expired reply may still serve where no model answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """Rows of one kind that may go, and why; `name` is the plural that a person reads."""

    name: str
    rows: QuerySet[Any]
    why: str


type Purge = Callable[[datetime], Old]


def old_bodies(now: datetime) -> Old:
    """What was asked and answered longer ago than the site keeps it."""
    days = settings.PARLEY.parley_retention_days
    rows = CallBody.objects.filter(created_at__lt=now - timedelta(days=days))
    return Old(name="call bodies", rows=rows, why=f"older than {days} days")


def old_replies(now: datetime) -> Old:
    """Cached replies that are too old even for when nothing else answers."""
    rows = CachedReply.objects.filter(expires_at__lt=now - STALE)
    return Old(name="cached replies", rows=rows, why=f"expired for more than {STALE.days} days")


def old_answers(now: datetime) -> Old:
    """Answers to requests that named themselves."""
    rows = KeptAnswer.objects.filter(created_at__lt=now - KEPT)
    return Old(name="answers by Idempotency-Key", rows=rows, why=f"older than {KEPT.days} day")


def old_batch_items(now: datetime) -> Old:
    """Texts and results of batches that ended longer ago than the site keeps what was said."""
    days = settings.PARLEY.parley_retention_days
    rows = BatchItem.objects.filter(batch__finished_at__lt=now - timedelta(days=days))
    return Old(name="texts of batches", rows=rows, why=f"ended more than {days} days ago")


def old_batches(now: datetime) -> Old:
    """The batches themselves, once their texts are gone."""
    days = settings.PARLEY.parley_retention_days
    rows = Batch.objects.filter(finished_at__lt=now - timedelta(days=days))
    return Old(name="batches", rows=rows, why=f"ended more than {days} days ago")


def old_runs(now: datetime) -> Old:
    """Runs of agents, with all they did, that ended longer ago than the site keeps texts."""
    days = settings.PARLEY.parley_retention_days
    rows = AgentRun.objects.filter(finished_at__lt=now - timedelta(days=days))
    return Old(name="agent runs", rows=rows, why=f"ended more than {days} days ago")


PURGES: tuple[Purge, ...] = (old_bodies, old_replies, old_batch_items, old_batches, old_answers, old_runs)


def all_old(now: datetime) -> Iterator[Old]:
    """Yield what may go, of this app and of those that the setting LLM_PURGES names."""
    others = (import_string(path) for path in getattr(settings, "LLM_PURGES", ()))
    yield from (purge(now) for purge in (*PURGES, *others))


def remove(rows: QuerySet[Any], *, batch: int = BATCH) -> int:
    """Delete the rows, some at a time, and return how many there were."""
    removed = 0
    while keys := list(rows.values_list("pk", flat=True)[:batch]):
        rows.filter(pk__in=keys).delete()
        removed += len(keys)
    return removed
