"""One period of a budget while a transaction holds it: what is taken, given back and told."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from llm.budgets import words
from llm.budgets.reservations import Ask, Close
from llm.ids import uuid7
from llm.models import Alert, BudgetEntry, BudgetPeriod, Call
from llm.models.budgets import nanos

THRESHOLDS = (50, 80, 100)  # percent of a limit that make an alert
State = BudgetEntry.State


class NoRoom(RuntimeError):
    """A period changed under its lock; nothing of the transaction was kept."""


class Book:
    """A period while its transaction holds it: the row as it was read, and what is to be written."""

    def __init__(self, row: BudgetPeriod) -> None:
        self.row = row
        self.budget = row.budget
        self.freed = 0
        self.booked = 0
        self.entries: list[BudgetEntry] = []
        self._granted = 0
        self._swept = False

    @property
    def spent(self) -> int:
        return self.row.spent_nano + self.booked

    def fits(self, amount: int, now: datetime) -> bool:
        """Is there room? What expired is taken back only when it is needed."""
        if amount > self._room and self.sweep(now) == 0:
            return False
        return amount <= self._room

    @property
    def _room(self) -> int:
        return nanos(self.budget.limit) - self.spent - (self.row.reserved_nano - self.freed) - self._granted

    def grant(self, ask: Ask, now: datetime) -> BudgetEntry:
        entry = BudgetEntry(
            id=uuid7(),
            period=self.row,
            request_id=ask.request_id,
            amount_nano=nanos(ask.amount),
            created_at=now,
            expires_at=ask.expires,
        )
        self._granted += entry.amount_nano
        self.entries.append(entry)
        return entry

    def close(self, entry: BudgetEntry, closing: Close) -> bool:
        """Settle or release; False if there is nothing to do. Late is better than never."""
        late = entry.state == State.EXPIRED
        if entry.state != State.RESERVED and not (late and closing.spent is not None):
            return False
        if not late:
            self.freed += entry.amount_nano
        paid = nanos(closing.spent or Decimal(0))
        self.booked += paid - entry.settled_nano
        entry.settled_nano, entry.estimated = paid, closing.estimated
        entry.state = State.RELEASED if closing.spent is None else State.SETTLED
        return True

    def sweep(self, now: datetime) -> int:
        """Expire what dead processes hold, booking what the ledger says that their calls had cost."""
        if self._swept:
            return 0
        self._swept = True
        old = list(self.row.entries.filter(state=State.RESERVED, expires_at__lte=now))
        paid = _paid(old)
        for entry in old:
            entry.state, entry.settled_nano = State.EXPIRED, paid[entry.pk]
            self.freed += entry.amount_nano
            self.booked += entry.settled_nano
        save_all(old)
        return len(old)

    def write(self) -> None:
        """Write the sums; raises NoRoom if what was granted does not fit after all."""
        row = BudgetPeriod.objects.filter(pk=self.row.pk)
        if self.freed or self.booked:
            row.update(
                reserved_nano=F("reserved_nano") - self.freed, spent_nano=F("spent_nano") + self.booked
            )
        if self._granted:
            room = nanos(self.budget.limit) - self._granted
            fitting = row.alias(taken=F("spent_nano") + F("reserved_nano")).filter(taken__lte=room)
            if not fitting.update(reserved_nano=F("reserved_nano") + self._granted):
                raise NoRoom(f"The period {self.row} changed under its lock.")

    def alerts(self, now: datetime) -> list[Alert]:
        """Return the thresholds that were crossed just now, and remember them."""
        limit = nanos(self.budget.limit)
        crossed = [t for t in THRESHOLDS if t > self.row.alerted and self.spent * 100 >= limit * t]
        if not self.booked or not crossed:
            return []
        BudgetPeriod.objects.filter(pk=self.row.pk).update(alerted=crossed[-1])
        return [_alert(self.row, percent, now) for percent in crossed]


def save_all(entries: list[BudgetEntry]) -> None:
    if entries:
        BudgetEntry.objects.bulk_update(entries, ["state", "settled_nano", "estimated"])


def _paid(entries: Sequence[BudgetEntry]) -> dict[uuid.UUID, int]:
    """What the ledger says that calls cost which never settled: their process died in between."""
    costs: dict[uuid.UUID, list[tuple[datetime, int]]] = defaultdict(list)
    requests = {entry.request_id for entry in entries}
    calls = Call.objects.filter(request_id__in=requests, cost__gt=0)
    for request, at, cost in calls.values_list("request_id", "created_at", "cost"):
        costs[request].append((at, nanos(cost or Decimal(0))))
    return {
        entry.pk: sum(
            cost for at, cost in costs[entry.request_id] if entry.created_at <= at <= entry.expires_at
        )
        for entry in entries
    }


def _alert(row: BudgetPeriod, percent: int, now: datetime) -> Alert:
    return Alert(
        kind="budget",
        key=f"budget:{row.budget_id}:{row.starts_on}:{percent}",
        level=Alert.Level.BAD if percent >= 100 else Alert.Level.WARN,
        text=words.reached(row.budget, percent),
        opened_at=now,
    )
