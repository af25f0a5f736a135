"""A batch and its items as the API shows them."""

from collections.abc import Iterable
from typing import Any

from llm.api.shapes import usage
from llm.models import Batch, BatchItem
from llm.money import money


def brief(batch: Batch) -> dict[str, Any]:
    """What a list of batches shows of one."""
    return {
        "id": batch.pk,
        "status": batch.status,
        "reason": batch.why_stopped or None,
        "total": batch.total,
        "done": batch.done,
        "failed": batch.failed,
        "usage": usage(batch.usage),
        "cost": money(batch.cost),
        "schema": batch.schema,
        "title": batch.title,
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
    }


def whole(batch: Batch, items: Iterable[BatchItem], following: int | None) -> dict[str, Any]:
    """One batch with a page of its items; `next` is what `after` has to be for the next page."""
    return {**brief(batch), "items": [entry(item) for item in items], "next": following}


def entry(item: BatchItem) -> dict[str, Any]:
    """One item: `data` if it is done, `problem` if it failed."""
    shown: dict[str, Any] = {"index": item.index, "status": item.status}
    if item.status == BatchItem.Status.DONE:
        shown |= {"data": item.found, "cached": item.cached}
    if item.status == BatchItem.Status.FAILED:
        shown |= {"problem": item.trouble}
    if item.finished_at and item.status != BatchItem.Status.CANCELLED:
        shown |= {"attempts": item.attempts, "model": item.model or None, "cost": money(item.cost)}
    return shown
