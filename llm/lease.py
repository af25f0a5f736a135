"""A lease on a row: one worker at a time, the next one when it dies, and no write of one that was overtaken.

A holder moves `leased_until` on while it lives. Once that is past, by the database's clock, another may claim
the row. Each claim raises the epoch, and what an earlier holder still writes under its own is refused.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, models, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.tasks import default_task_backend

logger = logging.getLogger(__name__)

BEAT = 1.0  # seconds between two renewals: a row that was cancelled is left after that time

type Sleep = Callable[[float], Awaitable[None]]
type Change[M, T] = Callable[[M], T]


def lasts() -> timedelta:
    """How long a lease lasts: less than the time after which django-ox hands on the task of a dead worker."""
    options: dict[str, Any] = default_task_backend.options
    return timedelta(seconds=options["LOCK_TIMEOUT"] - 1)


class LeaseLost(Exception):
    """The row is another's now, or nobody shall work on it any more."""


class Leased(models.Model):
    """A row that is worked on under a lease."""

    epoch = models.PositiveIntegerField(default=0, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease[M: Leased]:
    """What a holder knows. `rows` are those that may be worked on: one that leaves them is lost to it."""

    rows: QuerySet[M]
    pk: Any
    epoch: int

    @property
    def held(self) -> QuerySet[M]:
        """The row while the lease holds, else nothing."""
        return self.rows.filter(pk=self.pk, epoch=self.epoch)

    def write[T](self, change: Change[M, T]) -> T:
        """Call `change` with the row, locked, in one transaction of its own; raises LeaseLost instead."""
        with transaction.atomic():
            row = self.held.select_for_update().first()
            if row is None:
                raise LeaseLost
            return change(row)

    async def awrite[T](self, change: Change[M, T]) -> T:
        """Do the same from the loop."""
        return await sync_to_async(self.write)(change)

    async def renew(self) -> bool:
        """Move the end of the lease on; False if it is lost."""
        return bool(await self.held.aupdate(leased_until=Now() + lasts()))

    async def release(self) -> None:
        """Let go of the row, also of one that is done: it may soon be worked on again."""
        mine: QuerySet[M] = QuerySet(self.rows.model).filter(pk=self.pk, epoch=self.epoch)
        await mine.aupdate(leased_until=None)


async def claim[M: Leased](rows: QuerySet[M], pk: Any, **changes: Any) -> Lease[M] | None:
    """Hold the row of `rows` and change it, or return None: somebody holds it, or it is not among them."""
    return await sync_to_async(_claim)(rows, pk, changes)


async def carry_out[M: Leased](
    rows: QuerySet[M],
    pk: Any,
    work: Callable[[Lease[M]], Coroutine[Any, Any, None]],
    *,
    sleep: Sleep = asyncio.sleep,
    **changes: Any,
) -> None:
    """Do `work` under a lease, waiting for whoever holds the row; returns when it is done, here or elsewhere.

    What `work` raises is raised, and the row is let go.
    """
    while (lease := await claim(rows, pk, **changes)) is None:
        if not await rows.filter(pk=pk).aexists():
            return
        await sleep(BEAT)
    try:
        with suppress(LeaseLost):
            await keep(lease, work(lease), sleep=sleep)
    finally:
        await asyncio.shield(lease.release())


async def keep[M: Leased, T](
    lease: Lease[M], work: Coroutine[Any, Any, T], *, sleep: Sleep = asyncio.sleep
) -> T:
    """Await `work` and renew the lease meanwhile; stops it and raises LeaseLost when the lease is lost."""
    working = asyncio.ensure_future(work)
    beating = asyncio.create_task(_beat(lease, sleep))
    try:
        await asyncio.wait([working, beating], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            beating.result()
            raise LeaseLost
        return working.result()
    finally:
        await _ended(working)
        await _ended(beating)


def _claim[M: Leased](rows: QuerySet[M], pk: Any, changes: dict[str, Any]) -> Lease[M] | None:
    with transaction.atomic():
        free = rows.filter(Q(leased_until=None) | Q(leased_until__lt=Now()), pk=pk)
        row = free.select_for_update().first()
        if row is None:
            return None
        mine = rows.filter(pk=pk)
        mine.update(epoch=F("epoch") + 1, leased_until=Now() + lasts(), **changes)
        return Lease(rows=rows, pk=pk, epoch=row.epoch + 1)


async def _ended(task: asyncio.Future[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # whoever wanted it has it


async def _beat[M: Leased](lease: Lease[M], sleep: Sleep) -> None:
    """Renew until the lease is lost, or may be: a database that is away for long has let it run out."""
    clock = asyncio.get_running_loop().time
    good_until = clock() + lasts().total_seconds()
    while clock() < good_until:
        await sleep(BEAT)
        try:
            if not await lease.renew():
                return
            good_until = clock() + lasts().total_seconds()
        except DatabaseError:
            logger.warning("lease.not_renewed", extra={"row": str(lease.pk)}, exc_info=True)
