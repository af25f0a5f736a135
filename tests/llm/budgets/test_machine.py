"""Whatever calls do in whatever order, no budget grants more than its limit and no cent is lost."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from llm.budgets import service as budgets
from llm.budgets.reservations import Reservation
from llm.errors import BudgetExceeded
from llm.models import Budget, BudgetEntry, BudgetPeriod
from llm.types import Owner
from tests.llm.budgets.cases import NOON, make_budget

CENTS = st.decimals("0", "2", places=2)


class Books(RuleBasedStateMachine):
    """Two budgets, a day's for everything and a month's for a feature, and the calls that they hold."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        Budget.objects.all().delete()
        self.budgets = [make_budget("5"), make_budget("3", "month", feature="agents")]
        self.now: datetime = NOON
        self.paid: dict[Reservation, Decimal] = {}
        self.closed: set[Reservation] = set()
        self.dates: dict[Reservation, datetime] = {}

    @rule(target=held, amount=CENTS, feature=st.sampled_from(["chat", "agents"]), seconds=st.integers(1, 300))
    def reserve(self, amount: Decimal, feature: str, seconds: int) -> Reservation:
        expires = self.now + timedelta(seconds=seconds)
        applying = self.budgets if feature == "agents" else self.budgets[:1]
        try:
            granted = budgets.reserve(Owner(), feature, uuid.uuid4(), amount, expires, now=self.now)
        except BudgetExceeded:
            assert any(self.taken(budget) + amount > budget.limit for budget in applying)
            return Reservation(request_id=uuid.uuid4(), amount=amount)
        assert all(self.taken(budget) <= budget.limit for budget in applying)
        self.dates[granted] = expires
        return granted

    @rule(held=held, actual=CENTS)
    def settle(self, held: Reservation, actual: Decimal) -> None:
        budgets.settle(held, actual, now=self.now)
        if held.entries and held not in self.closed:
            self.paid[held] = actual
        self.closed.add(held)

    @rule(held=held)
    def release(self, held: Reservation) -> None:
        budgets.release(held, now=self.now)
        if held.entries and self.state_of(held) == "released":
            self.closed.add(held)

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        budgets.sweep(self.now)
        late = [held for held, expires in self.dates.items() if expires <= self.now]
        assert all(self.state_of(held) != "reserved" for held in late)

    @invariant()
    def the_sums_are_those_of_the_entries(self) -> None:
        for row in BudgetPeriod.objects.all():
            entries = row.entries.all()
            reserved = entries.filter(state="reserved").aggregate(n=Sum("amount_nano"))["n"] or 0
            assert row.reserved_nano == reserved
            assert row.spent_nano == (entries.aggregate(n=Sum("settled_nano"))["n"] or 0)

    @invariant()
    def nothing_that_was_paid_is_lost(self) -> None:
        spent = budgets.state(self.budgets[0], self.now).spent
        assert spent == sum(self.paid.values(), Decimal(0))

    def taken(self, budget: Budget) -> Decimal:
        standing = budgets.state(budget, self.now)
        return standing.spent + standing.reserved

    def state_of(self, held: Reservation) -> str:
        return BudgetEntry.objects.get(pk=held.entries[0]).state


@pytest.mark.django_db
def test_the_books_hold_whatever_happens() -> None:
    run_state_machine_as_test(
        Books, settings=settings(max_examples=30, stateful_step_count=20, deadline=None, database=None)
    )
