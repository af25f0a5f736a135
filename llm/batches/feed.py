"""What a run takes from the database and gives back to it, all of it under the batch's lease."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from llm import problems
from llm.batches.tasks import run_again
from llm.models import Batch, BatchItem
from llm.types import Usage

MOST_TRIES = 8  # workers that died over an item, or outages that it met
LOST = "The work on this text was broken off too often. Try it alone, or with a shorter text."

Item = BatchItem.Status
ENDED = ["status", "data", "problem", "attempts", "repairs", "model", "cached", "cost", "prompt_version"]
ENDED += ["input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "request_id", "finished_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a text came to: data or a problem, and what it took."""

    data: Any = None
    problem: dict[str, Any] | None = None
    attempts: int = 0
    repairs: Sequence[str] = ()
    model: str = ""
    cached: bool = False
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = Decimal(0)
    prompt_version: int | None = None
    request_id: Any = None


def recover(batch: Batch) -> None:
    """Queue again what the last worker left; what was broken off too often has failed."""
    left = batch.items.filter(status=Item.RUNNING)
    lost = left.filter(tries__gte=MOST_TRIES).update(
        status=Item.FAILED, problem=json.dumps(problems.body(500, LOST)), finished_at=timezone.now()
    )
    left.update(status=Item.QUEUED)
    _count(batch, lost, lost)


def take(batch: Batch, most: int) -> list[BatchItem]:
    """Return the next items, which are begun with this."""
    items = list(batch.items.filter(status=Item.QUEUED)[:most])
    BatchItem.objects.filter(pk__in=[item.pk for item in items]).update(
        status=Item.RUNNING, tries=F("tries") + 1
    )
    for item in items:
        item.tries += 1
    return items


def put_back(batch: Batch, items: Sequence[BatchItem], *, counted: bool) -> None:
    """Let items wait for another slice; `counted` says that this was one of their tries."""
    tries = F("tries") if counted else F("tries") - 1
    batch.items.filter(pk__in=[item.pk for item in items], status=Item.RUNNING).update(
        status=Item.QUEUED, tries=tries
    )


def store(batch: Batch, ended: Sequence[tuple[BatchItem, Outcome]]) -> None:
    """Write what items came to, and count it."""
    now = timezone.now()
    for item, outcome in ended:
        _fill(item, outcome)
        item.finished_at = now
        batch.input_tokens += outcome.usage.input_tokens
        batch.output_tokens += outcome.usage.output_tokens
        batch.cached_tokens += outcome.usage.cached_tokens
        batch.reasoning_tokens += outcome.usage.reasoning_tokens
        if batch.cost is not None:
            batch.cost = None if outcome.cost is None else batch.cost + outcome.cost
    BatchItem.objects.bulk_update([item for item, _ in ended], ENDED, batch_size=50)
    _count(batch, len(ended), sum(outcome.problem is not None for _, outcome in ended))


def without_schema(batch: Batch) -> Outcome:
    """What a text comes to when the code no longer has the schema of its batch."""
    said = f"There is no schema named {batch.schema!r} any more."
    return Outcome(problem=problems.body(404, said))


def close(batch: Batch, *, seconds: float) -> None:
    """End the batch, or hand it to the next slice, which begins after `seconds`."""
    batch.leased_until = None
    if batch.items.filter(status__in=BatchItem.OPEN).exists():
        run_again(batch.pk, seconds=seconds)
    else:
        batch.status, batch.finished_at = Batch.Status.COMPLETED, timezone.now()
    batch.save(update_fields=["leased_until", "status", "finished_at"])


def _fill(item: BatchItem, outcome: Outcome) -> None:
    item.status = Item.DONE if outcome.problem is None else Item.FAILED
    item.data = json.dumps(outcome.data) if outcome.problem is None else ""
    item.problem = json.dumps(outcome.problem) if outcome.problem else ""
    item.attempts, item.repairs = outcome.attempts, json.dumps(list(outcome.repairs))
    item.model, item.cached, item.cost = outcome.model, outcome.cached, outcome.cost
    item.input_tokens, item.output_tokens = outcome.usage.input_tokens, outcome.usage.output_tokens
    item.cached_tokens, item.reasoning_tokens = outcome.usage.cached_tokens, outcome.usage.reasoning_tokens
    item.prompt_version, item.request_id = outcome.prompt_version, outcome.request_id


def _count(batch: Batch, ended: int, failed: int) -> None:
    batch.done += ended
    batch.failed += failed
    batch.save(
        update_fields=[
            "done",
            "failed",
            "cost",
            "input_tokens",
            "output_tokens",
            "cached_tokens",
            "reasoning_tokens",
        ]
    )
