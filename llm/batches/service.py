"""Starting, cancelling and trying again: each is one transaction."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import batched

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from llm.batches.columns import Columns
from llm.batches.tasks import run_batch
from llm.batches.texts import Text
from llm.extraction.schemas import Named
from llm.models import Batch, BatchItem
from llm.types import Owner

ROWS = 500  # of one INSERT
MOST_AT_ONCE = 64  # texts
MOST_SECONDS = 600  # for a text

Status, Item = Batch.Status, BatchItem.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted. `timeout` bounds the work on one text, in seconds, all its attempts included."""

    schema: Named
    title: str = ""
    columns: Columns = field(default_factory=Columns)
    model: str = ""
    max_attempts: int = 3
    cache: bool = True
    concurrency: int = 8
    timeout: float = 60


@transaction.atomic
def start(order: Order, texts: Iterable[Text], owner: Owner) -> Batch:
    """Store the texts and queue the work on them; raises what `texts` raises, and then nothing is stored."""
    assert owner.user_id is not None  # noqa: S101 whoever may start one is somebody
    batch = Batch.objects.create(
        user_id=owner.user_id,
        key_id=owner.key_id,
        schema=order.schema.name,
        schema_version_id=order.schema.version,
        title=order.title,
        columns=order.columns.dumps(),
        model=order.model,
        max_attempts=order.max_attempts,
        cache=order.cache,
        concurrency=order.concurrency,
        timeout=order.timeout,
        total=0,
    )
    for part in batched(enumerate(texts), ROWS):
        rows = [
            BatchItem(batch=batch, index=index, text=text.text, fields=json.dumps(text.fields))
            for index, text in part
        ]
        BatchItem.objects.bulk_create(rows)
        batch.total += len(rows)
    batch.save(update_fields=["total"])
    run_batch.enqueue(str(batch.pk))
    return batch


@transaction.atomic
def cancel(pk: uuid.UUID) -> bool:
    """Stop a batch; what is done stays, and its worker leaves within seconds. False if it had ended."""
    now = timezone.now()
    ended = Batch.objects.active().filter(pk=pk)
    # The epoch moves on, so that its worker has lost it even if somebody tries again at once.
    if not ended.update(status=Status.CANCELLED, finished_at=now, leased_until=None, epoch=F("epoch") + 1):
        return False
    BatchItem.objects.filter(batch=pk, status__in=BatchItem.OPEN).update(
        status=Item.CANCELLED, finished_at=now
    )
    return True


@transaction.atomic
def retry(pk: uuid.UUID) -> int:
    """Queue again what failed or was cancelled in a batch that has ended; returns how many texts that is."""
    batch = Batch.objects.select_for_update().get(pk=pk)
    if batch.active:
        return 0
    again = batch.items.filter(status__in=[Item.FAILED, Item.CANCELLED])
    count = again.update(status=Item.QUEUED, tries=0, problem="", finished_at=None)
    if count:
        batch.done -= batch.failed
        batch.failed = 0
        batch.status, batch.finished_at = Status.QUEUED, None
        batch.save(update_fields=["done", "failed", "status", "finished_at"])
        run_batch.enqueue(str(batch.pk))
    return count
