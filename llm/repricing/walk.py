"""One worker's turn at a repricing: some hundred calls a transaction, and what it saw is kept with each."""

import asyncio
import uuid
from decimal import Decimal

from asgiref.sync import sync_to_async
from django.db.models import Q, QuerySet
from django.utils import timezone

from llm import catalog, lease, pricing
from llm.lease import Lease
from llm.models import Call, Repricing
from llm.rates import book
from llm.repricing import sums
from llm.repricing.basis import basis
from llm.repricing.tasks import run_again
from llm.types import Usage

SLICE = 10.0  # seconds, after which a worker's slot is free for whoever waits
PART = 500  # calls a transaction: a writer beside it never waits for long

Status = Repricing.Status
type Priced = list[tuple[Call, Decimal | None]]


async def carry_out(
    pk: uuid.UUID, *, seconds: float = SLICE, part: int = PART, sleep: lease.Sleep = asyncio.sleep
) -> None:
    """Work on a repricing for about `seconds`; what is left then is queued again."""

    async def work(held: Lease[Repricing]) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        await sync_to_async(book.read)()
        while await sync_to_async(step)(held, part):
            if clock() >= end:
                await sync_to_async(run_again)(pk)
                return

    await lease.carry_out(Repricing.objects.under_way(), pk, work, sleep=sleep)


def step(held: Lease[Repricing], most: int) -> bool:
    """Price the next `most` calls, and correct them in the second pass; False after the last."""
    row = Repricing.objects.get(pk=held.pk)
    rest = _rest(row)
    total = rest.count() if row.total is None else row.total
    part = [(call, priced(call)) for call in rest.order_by("created_at", "id")[:most]]

    def keep(row: Repricing) -> bool:
        row.total = total
        if row.status == Status.CORRECTING and row.basis != basis():
            again(row)
        elif part:
            _keep(row, part)
        else:
            _end(row)
        row.save()
        return row.active

    return held.write(keep)


def again(row: Repricing) -> None:
    """Let the row be looked through from its start."""
    row.status, row.basis, row.found = Status.LOOKING, basis(), {}
    _rewind(row)


def agree(row: Repricing) -> None:
    """Let the second pass begin; what an earlier one has changed stays on the books."""
    row.status = Status.CORRECTING
    _rewind(row)


def priced(call: Call) -> Decimal | None:
    """Return what a call costs by the prices of now for its time; None leaves it as it is."""
    usage = Usage(
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cached_tokens=call.cached_tokens,
        cache_write_tokens=call.cache_write_tokens,
        reasoning_tokens=call.reasoning_tokens,
    )
    return sums.rounded(pricing.cost(f"{call.provider}:{call.model}", usage, call.created_at))


def _rewind(row: Repricing) -> None:
    row.total, row.seen, row.seen_at, row.seen_id = None, 0, None, None


def _rest(row: Repricing) -> QuerySet[Call]:
    """The calls that are still to be seen, of those that used something."""
    used = Q(input_tokens__gt=0) | Q(output_tokens__gt=0)
    calls = Call.objects.filter(used, cached=False, created_at__gte=row.since, created_at__lt=row.until)
    if row.model:
        provider, name = catalog.split(row.model)
        calls = calls.filter(provider=provider, model=name)
    if row.seen_at is None:
        return calls
    after = Q(created_at=row.seen_at, id__gt=row.seen_id) | Q(created_at__gt=row.seen_at)
    return calls.filter(after, created_at__gte=row.seen_at)


def _keep(row: Repricing, part: Priced) -> None:
    last = part[-1][0]
    row.seen, row.seen_at, row.seen_id = row.seen + len(part), last.created_at, last.pk
    come_to = sums.grouped(part)
    if row.status == Status.CORRECTING:
        _correct(part)
        row.done = sums.dumped(sums.added(sums.loaded(row.done), come_to))
    else:
        row.found = sums.dumped(sums.added(sums.loaded(row.found), come_to))


def _correct(part: Priced) -> None:
    changed = [(call, cost) for call, cost in part if cost is not None and cost != call.cost]
    for call, cost in changed:
        call.cost = cost
    Call.objects.bulk_update([call for call, _ in changed], ["cost"])


def _end(row: Repricing) -> None:
    row.status = Status.DONE if row.status == Status.CORRECTING else Status.READY
    row.finished_at = timezone.now()
