"""Budgets as a person looks at them: what is spent, what running calls hold, and where it is going."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from llm.amounts import dollars
from llm.budgets.service import Standing, states
from llm.models import Budget
from llm.models.budgets import Budgets
from llm.usage import Viewer, sees_all

EARLY = Decimal("0.05")  # of a period: before that its course says nothing
NEAR = Decimal("0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A budget in its current period. `forecast` is what it comes to at this pace, None where too early.

    `full_at` is when it is spent at this pace, if that is before its end. `since` is when it was made, where
    that is later than the period began: what was spent before does not count.
    """

    budget: Budget
    standing: Standing
    since: datetime | None = None
    forecast: Decimal | None = None
    full_at: datetime | None = None

    @property
    def name(self) -> str:
        """Who or what it is for, in the reader's language."""
        user, key = self.budget.user, self.budget.key
        names = {
            Budget.Scope.EVERYTHING: _("The whole site"),
            Budget.Scope.USER: _("User %(name)s") % {"name": user and (user.get_full_name() or user)},
            Budget.Scope.FEATURE: _("Feature %(name)s") % {"name": self.budget.feature},
            Budget.Scope.KEY: _("Key %(name)s") % {"name": key and key.name},
        }
        return names[Budget.Scope(self.budget.scope)]

    @property
    def share(self) -> Decimal:
        """What part of the limit is spent."""
        return self.standing.spent / self.standing.limit

    @property
    def tone(self) -> str:
        """`over`, `near`, or `spent` where all is well: the class of its bar."""
        if self.share >= 1:
            return "over"
        return "near" if self.share >= NEAR or self.full_at else "spent"

    @property
    def taken(self) -> str:
        """The spent part of the bar."""
        return _width(self.share)

    @property
    def held(self) -> str:
        """The reserved part of the bar, at most what is left of it."""
        left = max(Decimal(1) - self.share, Decimal(0))
        return _width(min(self.standing.reserved / self.standing.limit, left))

    @property
    def course(self) -> str:
        """Where on the bar the forecast stands; "" where it is not on it."""
        if self.forecast is None or self.forecast > self.standing.limit:
            return ""
        return _width(self.forecast / self.standing.limit)

    @property
    def words(self) -> str:
        """What the bar shows, for who does not see it."""
        return _("%(spent)s spent, %(reserved)s reserved, limit %(limit)s") % {
            "spent": dollars(self.standing.spent),
            "reserved": dollars(self.standing.reserved),
            "limit": dollars(self.standing.limit),
        }


def purses(viewer: Viewer, now: datetime) -> list[Purse]:
    """Return the active budgets that a person may see, the most used first: staff all, others their own."""
    return _stood(Budget.objects.all() if sees_all(viewer) else _own(viewer), now)


def own_purses(person: Viewer, now: datetime) -> list[Purse]:
    """Return the active budgets of a person and of their keys, the most used first."""
    return _stood(_own(person), now)


def purse(budget: Budget, standing: Standing, now: datetime) -> Purse:
    """Return a budget with its forecast: the pace since it counts, kept to the end of the period."""
    begun = datetime.combine(budget.starts_on(now), datetime.min.time(), UTC)
    since = budget.created_at if budget.created_at > begun else None
    shown = Purse(budget=budget, standing=standing, since=since)
    if standing.resets_at is None or not standing.spent:
        return shown
    starts = since or begun
    gone, whole = _seconds(now - starts), _seconds(standing.resets_at - starts)
    if gone < whole * EARLY:
        return shown
    full_at = None
    if standing.spent < standing.limit:
        until_full = gone * standing.limit / standing.spent
        full_at = starts + timedelta(seconds=float(until_full)) if until_full < whole else None
    return replace(shown, forecast=standing.spent * whole / gone, full_at=full_at)


def _own(person: Viewer) -> Budgets:
    return Budget.objects.filter(Q(user=person.pk) | Q(key__user=person.pk))


def _stood(budgets: Budgets, now: datetime) -> list[Purse]:
    found = list(budgets.filter(active=True).select_related("user", "key"))
    standings = states(found, now)
    shown = (purse(budget, standings[budget.pk], now) for budget in found)
    return sorted(shown, key=lambda one: (-one.share, str(one.budget)))


def near(found: Iterable[Purse]) -> list[Purse]:
    """Return those that somebody should look at."""
    return [one for one in found if one.tone != "spent"]


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span.total_seconds())


def _width(share: Decimal) -> str:
    return f"{min(max(share, Decimal(0)), Decimal(1)) * 100:.1f}%"
