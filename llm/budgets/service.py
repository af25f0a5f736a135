"""Budgets: room is reserved before a call and settled after it, however many processes do so at once.

Every transaction locks the periods it needs in the order of their ids and decides for all that it was
handed. What is reserved is then written by one UPDATE a period that holds only if there is room for it.
A call counts for the period in which it was reserved.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from llm.budgets import words
from llm.budgets.book import Book, State, save_all
from llm.budgets.reservations import Ask, Close, Reservation, Subject, subjects
from llm.models import Alert, Budget, BudgetEntry, BudgetPeriod
from llm.models.budgets import nanos, whole
from llm.types import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a budget stands, in dollars; `resets_at` is None for a total."""

    spent: Decimal
    reserved: Decimal
    limit: Decimal
    resets_at: datetime | None


def reserve(
    owner: Owner,
    feature: str,
    request_id: uuid.UUID,
    amount: Decimal,
    expires: datetime,
    *,
    now: datetime | None = None,
) -> Reservation:
    """Set `amount` dollars aside in every budget that applies, or raise BudgetExceeded and touch none.

    From `expires` on whoever needs the room may take it back.
    """
    ask = Ask(owner=owner, feature=feature, request_id=request_id, amount=amount, expires=expires)
    commit([ask], now or timezone.now())
    return ask.granted()


def settle(
    reservation: Reservation, actual: Decimal, *, estimated: bool = False, now: datetime | None = None
) -> None:
    """Book what a call cost and give back the rest, also when the reservation has expired meanwhile."""
    commit([Close(reservation=reservation, spent=actual, estimated=estimated)], now or timezone.now())


def release(reservation: Reservation, *, now: datetime | None = None) -> None:
    """Give back the reservation of a call that cost nothing."""
    commit([Close(reservation=reservation, spent=None)], now or timezone.now())


def sweep(now: datetime | None = None) -> int:
    """Give back what calls of dead processes hold; return how many reservations that were."""
    now = now or timezone.now()
    with transaction.atomic():
        old = BudgetEntry.objects.filter(state=State.RESERVED, expires_at__lte=now)
        books = _hold(Q(pk__in=set(old.values_list("period_id", flat=True))))
        swept = sum(book.sweep(now) for book in books)
        _write(books, now)
    return swept


def state(budget: Budget, now: datetime) -> Standing:
    """Return how a budget stands in its current period."""
    return states([budget], now)[budget.pk]


def states(budgets: Iterable[Budget], now: datetime) -> dict[uuid.UUID, Standing]:
    """Return how each budget stands, in one query."""
    starts = {(budget.pk, budget.starts_on(now)): budget for budget in budgets}
    rows = {(row.budget_id, row.starts_on): row for row in BudgetPeriod.objects.filter(_pairs(starts))}
    standings = {}
    for pair, budget in starts.items():
        row = rows.get(pair) or BudgetPeriod()
        standings[budget.pk] = Standing(
            spent=row.spent, reserved=row.reserved, limit=budget.limit, resets_at=budget.ends_at(now)
        )
    return standings


def commit(orders: Sequence[Ask | Close], now: datetime) -> None:
    """Carry out all orders in one transaction, closings first, for they make room; answer each Ask."""
    asks = [order for order in orders if isinstance(order, Ask)]
    closings = [order for order in orders if isinstance(order, Close)]
    with transaction.atomic():
        budgets = _applying(asks)
        wanted = {(budget.pk, budget.starts_on(now)) for found in budgets.values() for budget in found}
        _open(wanted)
        closed = {period for closing in closings for period in closing.reservation.periods}
        books = _hold(_pairs(wanted) | Q(pk__in=closed)) if wanted or closed else []
        _close(closings, {book.row.pk: book for book in books})
        by_pair = {(book.row.budget_id, book.row.starts_on): book for book in books}
        for ask in asks:
            applying = (budget for subject in subjects(ask.owner, ask.feature) for budget in budgets[subject])
            _answer(ask, [by_pair[budget.pk, budget.starts_on(now)] for budget in applying], now)
        _write(books, now)


def _applying(asks: Sequence[Ask]) -> dict[Subject, list[Budget]]:
    """Active budgets by what they are for; one query for all asks."""
    found: dict[Subject, list[Budget]] = defaultdict(list)
    if asks:
        wanted = {subject for ask in asks for subject in subjects(ask.owner, ask.feature)}
        for budget in Budget.objects.holding(wanted):
            found[budget.subject].append(budget)
    return found


def _pairs(wanted: Iterable[tuple[uuid.UUID, date]]) -> Q:
    """Select the periods of budgets that begin on given days."""
    by_start: dict[date, list[uuid.UUID]] = defaultdict(list)
    for budget, start in wanted:
        by_start[start].append(budget)
    chosen = Q(pk__in=[])
    for start, budgets in by_start.items():
        chosen |= Q(starts_on=start, budget_id__in=budgets)
    return chosen


def _open(wanted: set[tuple[uuid.UUID, date]]) -> None:
    """Make the rows of periods that have none, in a fixed order and before anything is locked."""
    if not wanted:
        return
    there = set(BudgetPeriod.objects.filter(_pairs(wanted)).values_list("budget_id", "starts_on"))
    rows = [BudgetPeriod(budget_id=budget, starts_on=start) for budget, start in sorted(wanted - there)]
    BudgetPeriod.objects.bulk_create(rows, ignore_conflicts=True)


def _hold(chosen: Q) -> list[Book]:
    """Lock periods in the order of their ids, so that no two transactions wait for each other."""
    rows = BudgetPeriod.objects.filter(chosen).select_related("budget__user", "budget__key").order_by("pk")
    return [Book(row) for row in rows.select_for_update(of=("self",), no_key=True)]


def _close(closings: Sequence[Close], books: dict[int, Book]) -> None:
    ids = [entry for closing in closings for entry in closing.reservation.entries]
    entries = BudgetEntry.objects.in_bulk(ids) if ids else {}
    changed = {}
    for closing, entry in _entries(closings, entries):
        if books[entry.period_id].close(entry, closing):
            changed[entry.pk] = entry
    save_all(list(changed.values()))


def _entries(
    closings: Sequence[Close], entries: dict[uuid.UUID, BudgetEntry]
) -> Iterator[tuple[Close, BudgetEntry]]:
    """Pair closings with their entries; those of a budget that was deleted meanwhile are gone."""
    for closing in closings:
        for entry in closing.reservation.entries:
            if entry in entries:
                yield closing, entries[entry]


def _answer(ask: Ask, books: list[Book], now: datetime) -> None:
    """Grant in every book or in none."""
    amount = nanos(ask.amount)
    full = [book for book in books if not book.fits(amount, now)]
    if full:
        longest = max(full, key=lambda book: _wait(book.budget, now))
        ask.answer = words.refusal(longest.budget, needs=ask.amount, spent=whole(longest.spent), now=now)
        return
    ask.answer = Reservation(
        request_id=ask.request_id,
        amount=ask.amount,
        entries=tuple(book.grant(ask, now).pk for book in books),
        periods=tuple(book.row.pk for book in books),
    )


def _wait(budget: Budget, now: datetime) -> float:
    """Seconds until a budget is whole again."""
    ends = budget.ends_at(now)
    return (ends - now).total_seconds() if ends else float("inf")


def _write(books: Sequence[Book], now: datetime) -> None:
    for book in books:
        book.write()
    BudgetEntry.objects.bulk_create([entry for book in books for entry in book.entries])
    crossed = [alert for book in books for alert in book.alerts(now)]
    Alert.objects.bulk_create(crossed, ignore_conflicts=True)
