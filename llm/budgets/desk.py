"""Where the calls of this process queue for budgets: many of them share one transaction."""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from llm.budgets.reservations import Ask, Close, Reservation, Subject, subjects
from llm.groupcommit import GroupCommit
from llm.types import Owner

REMEMBERED = 5.0  # seconds after which a budget that another process made is seen here


class Desk:
    """Reserves, settles and releases in batches; each caller gets its own answer. Lives on one event loop."""

    def __init__(
        self,
        clock: Callable[[], datetime] = timezone.now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._commits: GroupCommit[Ask | Close] = GroupCommit(self._commit, name="budgets")
        self._known = Known(monotonic)

    async def applies(self, owner: Owner, feature: str) -> bool:
        """Does any budget hold this call? Mostly answered from memory."""
        return await self._known.any_of(set(subjects(owner, feature)))

    async def reserve(
        self, owner: Owner, feature: str, request_id: uuid.UUID, amount: Decimal, expires: datetime
    ) -> Reservation:
        """Set `amount` aside until `expires`; raises BudgetExceeded. See `budgets.reserve`."""
        ask = Ask(owner=owner, feature=feature, request_id=request_id, amount=amount, expires=expires)
        await self._commits.add(ask)
        return ask.granted()

    async def settle(self, reservation: Reservation, actual: Decimal, *, estimated: bool = False) -> None:
        """Book what the call cost."""
        if reservation.entries:
            await self._commits.add(Close(reservation=reservation, spent=actual, estimated=estimated))

    async def release(self, reservation: Reservation) -> None:
        """Give all of it back."""
        if reservation.entries:
            await self._commits.add(Close(reservation=reservation, spent=None))

    def now(self) -> datetime:
        return self._clock()

    async def close(self) -> None:
        """Write what waits."""
        await self._commits.close()

    def _commit(self, orders: Sequence[Ask | Close]) -> None:
        from llm.budgets import service as budgets  # the pipeline can be imported before the apps are ready

        budgets.commit(orders, self._clock())


class Known:
    """For whom there are active budgets; read again now and then, and after each change made here."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._subjects: set[Subject] = set()
        self._read_at = float("-inf")
        self._changes = -1
        self._reading = asyncio.Lock()

    async def any_of(self, wanted: set[Subject]) -> bool:
        """Is there an active budget for one of `wanted`?"""
        if not self._fresh():
            async with self._reading:
                if not self._fresh():
                    await self._read()
        return not self._subjects.isdisjoint(wanted)

    def _fresh(self) -> bool:
        from llm.models import Budget

        return self._changes == Budget.changes and self._monotonic() < self._read_at + REMEMBERED

    async def _read(self) -> None:
        from llm.models import Budget

        changes, now = Budget.changes, self._monotonic()  # before the query: a change during it counts
        rows = Budget.objects.filter(active=True)
        self._subjects = {budget.subject async for budget in rows}
        self._changes, self._read_at = changes, now
