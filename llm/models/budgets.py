"""Money that may be spent, what of it is taken, and the reservations that took it.

Amounts that the database adds up are whole billionths of a dollar: SQLite keeps decimals as floats.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from llm.amounts import dollars
from llm.budgets.reservations import Subject
from llm.ids import uuid7

NANO = 10**9
FROM_THE_START = date(1970, 1, 1)  # where a total begins; a date, so that its row is unique as any other


def nanos(amount: Decimal) -> int:
    """Return dollars as billionths."""
    return int((amount * NANO).to_integral_value())


def whole(nano: int) -> Decimal:
    """Return billionths as dollars."""
    return Decimal(nano) / NANO


class Budgets(models.QuerySet["Budget"]):
    """Every change is counted in `Budget.changes`, so that this process sees its own at once."""

    def update(self, **values: Any) -> int:
        changed = super().update(**values)
        Budget.count_change()
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        gone = super().delete()
        Budget.count_change()
        return gone

    def holding(self, subjects: set[Subject]) -> Budgets:
        """Active budgets of any of the subjects."""
        named: dict[str, list[Any]] = {}
        for scope, subject in subjects:
            named.setdefault(scope, []).append(subject)
        return self.filter(
            Q(scope=Budget.Scope.EVERYTHING)
            | Q(user_id__in=named.get("user", []))
            | Q(feature__in=named.get("feature", []), scope=Budget.Scope.FEATURE)
            | Q(key_id__in=named.get("key", [])),
            active=True,
        ).select_related("user", "key")


class Budget(models.Model):
    """How many dollars a subject may spend in a period. Only the limit and `active` ever change."""

    class Scope(models.TextChoices):
        EVERYTHING = "everything", "everything"
        USER = "user", "a user"
        FEATURE = "feature", "a feature"
        KEY = "key", "an API key"

    class Period(models.TextChoices):
        DAY = "day", "a day"
        MONTH = "month", "a month"
        TOTAL = "total", "in total"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.CharField(
        "for", max_length=16, choices=Scope.choices, help_text="Then name the one that it is for below."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="budgets"
    )
    feature = models.CharField(
        max_length=64, blank=True, help_text="As the ledger names it, for example chat or extract."
    )
    key = models.ForeignKey(
        "llm.ApiKey",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="budgets",
        verbose_name="API key",
    )
    period = models.CharField(
        max_length=8, choices=Period.choices, help_text="Days and months begin at midnight UTC."
    )
    limit = models.DecimalField(
        max_digits=18,
        decimal_places=9,
        validators=[MinValueValidator(Decimal("0.01"), "Write an amount of at least $0.01.")],
        help_text="In US dollars.",
    )
    active = models.BooleanField(default=True, help_text="Switch it off to let calls through again.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = Budgets.as_manager()
    changes = 0  # in this process; see `Desk`

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                name="budget_has_its_subject",
                condition=(
                    Q(scope="everything", user=None, feature="", key=None)
                    | Q(scope="user", user__isnull=False, feature="", key=None)
                    | (Q(scope="feature", user=None, key=None) & ~Q(feature=""))
                    | Q(scope="key", user=None, feature="", key__isnull=False)
                ),
            ),
            *(
                models.UniqueConstraint(
                    name=f"budget_once_{scope}",
                    fields=fields,
                    condition=Q(scope=scope),
                    violation_error_message="There is such a budget already. Change its limit instead.",
                )
                for scope, fields in (
                    ("everything", ["period"]),
                    ("user", ["user", "period"]),
                    ("feature", ["feature", "period"]),
                    ("key", ["key", "period"]),
                )
            ),
        ]

    def __str__(self) -> str:
        name = self.get_scope_display() if self.scope == self.Scope.EVERYTHING else self.holder
        return f"{name[:1].upper()}{name[1:]}, {self.get_period_display()}: {_round(self.limit)}"

    def save(self, *args: Any, **options: Any) -> None:
        super().save(*args, **options)
        self.count_change()

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        gone = super().delete(*args, **options)
        self.count_change()
        return gone

    @property
    def subject(self) -> Subject:
        """Who or what it is for, as `subjects()` names it."""
        values = {"user": self.user_id, "feature": self.feature, "key": self.key_id}
        return self.scope, values.get(self.scope)

    @property
    def holder(self) -> str:
        """Who or what it is for, in words: "the feature agents"."""
        if self.scope == self.Scope.USER and self.user:
            return f"user {self.user.get_full_name() or self.user.get_username()}"
        if self.scope == self.Scope.KEY and self.key:
            return f"key {self.key.name}"
        return f"feature {self.feature}" if self.scope == self.Scope.FEATURE else "the whole site"

    def clean(self) -> None:
        """Ask for exactly the subject that the scope needs."""
        self.feature = self.feature.strip()
        given = {"user": self.user_id, "feature": self.feature, "key": self.key_id}
        errors = {}
        for name, value in given.items():
            if name == self.scope and not value:
                errors[name] = f"Choose the {_label(name)} that this budget is for."
            if name != self.scope and value:
                errors[name] = f"Leave this empty: the budget is for {_of(self)}, not for one {_label(name)}."
        if errors:
            raise ValidationError(errors)

    def starts_on(self, now: datetime) -> date:
        """Return the first day of the period that `now` is in."""
        today = now.astimezone(UTC).date()
        starts = {self.Period.DAY: today, self.Period.MONTH: today.replace(day=1)}
        return starts.get(self.Period(self.period), FROM_THE_START)

    def ends_at(self, now: datetime) -> datetime | None:
        """Return the moment when the limit is whole again; None if never."""
        if self.period == self.Period.TOTAL:
            return None
        first = self.starts_on(now)
        last = first if self.period == self.Period.DAY else first + timedelta(days=31)
        after = last + timedelta(days=1) if self.period == self.Period.DAY else last.replace(day=1)
        return datetime(after.year, after.month, after.day, tzinfo=UTC)

    @classmethod
    def count_change(cls) -> None:
        """Say that budgets changed, now and once more when others can see it."""

        def count() -> None:
            cls.changes += 1

        count()
        transaction.on_commit(count)


class BudgetPeriod(models.Model):
    """What is taken of a budget in one of its periods; the row that every decision locks."""

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="periods")
    starts_on = models.DateField()
    reserved_nano = models.PositiveBigIntegerField(default=0)
    spent_nano = models.PositiveBigIntegerField(default=0)
    alerted = models.PositiveSmallIntegerField(default=0)  # the highest threshold told, in percent

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "starts_on"], name="budget_period_once")]

    def __str__(self) -> str:
        return f"{self.budget_id} from {self.starts_on}"

    @property
    def reserved(self) -> Decimal:
        return whole(self.reserved_nano)

    @property
    def spent(self) -> Decimal:
        return whole(self.spent_nano)


class BudgetEntry(models.Model):
    """One call's reservation in one period. Its state moves on once; an expired one may still be settled."""

    class State(models.TextChoices):
        RESERVED = "reserved"
        SETTLED = "settled"
        RELEASED = "released"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    period = models.ForeignKey(BudgetPeriod, models.CASCADE, related_name="entries")
    request_id = models.UUIDField(db_index=True)
    amount_nano = models.PositiveBigIntegerField()
    settled_nano = models.PositiveBigIntegerField(default=0)
    estimated = models.BooleanField(default=False)  # the cost is unknown: the amount stands for it
    state = models.CharField(max_length=8, choices=State.choices, default=State.RESERVED)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "budget entries"
        indexes = [
            models.Index(
                fields=["period", "expires_at"], condition=Q(state="reserved"), name="budget_entry_held"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {dollars(whole(self.amount_nano))}"

    @property
    def amount(self) -> Decimal:
        return whole(self.amount_nano)

    @property
    def settled(self) -> Decimal:
        return whole(self.settled_nano)


def _label(name: str) -> str:
    return "API key" if name == "key" else name


def _of(budget: Budget) -> str:
    return budget.get_scope_display() or "something else"


def _round(limit: Decimal) -> str:
    """A limit as people write it: $300, $0.50."""
    return f"${limit:,.2f}".removesuffix(".00") if limit >= Decimal("0.01") else dollars(limit)
