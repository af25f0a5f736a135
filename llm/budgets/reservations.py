"""What a call asks of the budgets: room before it, and a closing after it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llm.errors import BudgetExceeded
from llm.types import Owner

type Subject = tuple[str, int | str | uuid.UUID | None]


def subjects(owner: Owner, feature: str) -> Iterator[Subject]:
    """Yield what a call counts for, as pairs of a budget's scope and who or what that is."""
    yield "everything", None
    yield "feature", feature
    if owner.user_id is not None:
        yield "user", owner.user_id
    if owner.key_id is not None:
        yield "key", owner.key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Dollars set aside for one call in every budget that applies to it; without entries none did."""

    request_id: uuid.UUID
    amount: Decimal
    entries: tuple[uuid.UUID, ...] = ()
    periods: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Ask:
    """A call that wants room. Not frozen: the commit that it shares with others writes its answer on it."""

    owner: Owner
    feature: str
    request_id: uuid.UUID
    amount: Decimal
    expires: datetime
    answer: Reservation | BudgetExceeded | None = None

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise ValueError(f"A reservation of {self.amount} dollars makes no sense.")

    def granted(self) -> Reservation:
        """Return the reservation; raises BudgetExceeded."""
        if isinstance(self.answer, Reservation):
            return self.answer
        raise self.answer or RuntimeError("No commit has answered this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A call that is over. `spent` None gives all back; `estimated` says that nobody knows what it cost."""

    reservation: Reservation
    spent: Decimal | None
    estimated: bool = False

    def __post_init__(self) -> None:
        if self.spent is not None and (not self.spent.is_finite() or self.spent < 0):
            raise ValueError(f"A cost of {self.spent} dollars makes no sense.")
