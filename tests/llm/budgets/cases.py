"""Budgets and moments for tests."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from llm.budgets import service as budgets
from llm.budgets.reservations import Reservation
from llm.models import Budget
from llm.types import Owner

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DIME = Decimal("0.10")


def make_budget(limit: str = "5", period: str = "day", **subject: Any) -> Budget:
    """Return a budget of `limit` dollars; for everything unless a user, a feature or a key is named."""
    scope = next(iter(subject), "everything")
    return Budget.objects.create(scope=scope, period=period, limit=Decimal(limit), **subject)


def reserve(
    amount: str | Decimal = DIME,
    *,
    owner: Owner = Owner(),  # noqa: B008 frozen
    feature: str = "chat",
    request_id: uuid.UUID | None = None,
    now: datetime = NOON,
    seconds: float = 120,
) -> Reservation:
    """Reserve for a call that begins at `now` and has `seconds`."""
    return budgets.reserve(
        owner, feature, request_id or uuid.uuid4(), Decimal(amount), now + timedelta(seconds=seconds), now=now
    )


def standing(budget: Budget, now: datetime = NOON) -> tuple[str, str]:
    """Return what is spent and what is reserved, in dollars and cents."""
    state = budgets.state(budget, now)
    return f"{state.spent:.2f}", f"{state.reserved:.2f}"


def spend(amount: str, **case: Any) -> None:
    """Reserve `amount` and settle all of it."""
    budgets.settle(reserve(amount, **case), Decimal(amount), now=NOON)
