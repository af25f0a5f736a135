"""What it cost: the ledger summed by any keys, for what its viewer may see. Times are UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import BigIntegerField, CharField, Count, Expression, F, Func, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat, Round, Substr

from llm.amounts import charge
from llm.models import Call
from llm.money import money

type Viewer = AbstractBaseUser | AnonymousUser

NANO = 1_000_000_000  # a cost has nine decimals; integers add up exactly on every database
NOT_ERRORS = ("ok", "stopped")


class WrongQuery(ValueError):
    """A question that the ledger cannot answer; `errors` point at the parameter."""

    status = 422
    code = "invalid"

    def __init__(self, pointer: str, message: str) -> None:
        self.sentence = message
        self.errors = [{"pointer": pointer, "message": message}]
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which calls count; `model` is `provider:model`, `user` a user name, "" is any."""

    feature: str = ""
    model: str = ""
    user: str = ""

    def __bool__(self) -> bool:
        return any((self.feature, self.model, self.user))

    def as_q(self) -> Q:
        """Return the condition on Call."""
        provider, _, name = self.model.partition(":")
        wanted = {
            "feature": self.feature,
            "provider": provider,
            "model": name,
            "user__username": self.user,
        }
        return Q(**{field: value for field, value in wanted.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over some calls. Answers from the cache are not `calls`, and their tokens were not used again.

    `known_cost` is the sum where the price is known; `unpriced_calls` used tokens that have none; `saved` is
    what the stored answers had cost.
    """

    calls: int = 0
    errors: int = 0
    cached_calls: int = 0
    unpriced_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    known_cost: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            **{name: getattr(self, name) + getattr(other, name) for name in _COUNTS},
            known_cost=self.known_cost + other.known_cost,
            saved=self.saved + other.saved,
        )

    @property
    def cost(self) -> Decimal | None:
        """The least it cost, in US dollars; None rather than 0 where a price is unknown."""
        return None if self.unpriced_calls and not self.known_cost else self.known_cost

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def charge(self) -> str:
        """What was charged, in words: "free" only where tokens or stored answers came for nothing."""
        return charge(self.cost, used=bool(self.tokens or self.cached_calls))

    @property
    def answers(self) -> int:
        """Calls and answers from the cache."""
        return self.calls + self.cached_calls

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the API shows them."""
        shown = asdict(self)
        del shown["known_cost"]
        return {**shown, "cost": money(self.cost), "saved": money(self.saved)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one combination of keys."""

    keys: Mapping[str, Any]
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Rows in the order of their keys, and what they add up to."""

    rows: tuple[Row, ...]
    total: Figures

    def folded(self, *keys: str) -> dict[tuple[Any, ...], Figures]:
        """Return the figures by fewer keys."""
        folded: dict[tuple[Any, ...], Figures] = {}
        for row in self.rows:
            key = tuple(row.keys[name] for name in keys)
            folded[key] = folded.get(key, Figures()) + row.figures
        return folded


class _Text(Func):
    """A moment as `YYYY-MM-DD HH...`. Django's Trunc is a Python function on SQLite, slow over many rows."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, template="%(expressions)s", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "TO_CHAR(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"
        return super().as_sql(compiler, connection, template=template, **extra)


_DAY = Substr(_Text("created_at"), 1, 10)
_HOUR = Concat(_DAY, Value("T"), Substr(_Text("created_at"), 12, 2), Value(":00:00Z"))

# What each key groups by: the names a row carries, and where they come from.
KEYS: dict[str, dict[str, F | Expression]] = {
    "day": {"day": _DAY},
    "hour": {"hour": _HOUR},
    "feature": {"feature": F("feature")},
    "provider": {"provider": F("provider")},
    "model": {"model": Concat("provider", Value(":"), "model")},
    "user": {"user": F("user__username")},
    "key": {"key": F("key__name"), "key_id": F("key_id")},
    "prompt_version": {"prompt": F("prompt"), "prompt_version": F("prompt_version")},
}

_CALLED = Q(cached=False)
_COUNTS: dict[str, Expression] = {
    "calls": Count("pk", filter=_CALLED),
    "errors": Count("pk", filter=_CALLED & ~Q(outcome__in=NOT_ERRORS)),
    "cached_calls": Count("pk", filter=~_CALLED),
    "unpriced_calls": Count(
        "pk", filter=_CALLED & Q(cost=None) & (Q(input_tokens__gt=0) | Q(output_tokens__gt=0))
    ),
    "input_tokens": Sum("input_tokens", filter=_CALLED, default=0),
    "output_tokens": Sum("output_tokens", filter=_CALLED, default=0),
    "cached_tokens": Sum("cached_tokens", filter=_CALLED, default=0),
    "reasoning_tokens": Sum("reasoning_tokens", filter=_CALLED, default=0),
}


def _nanos(field: str) -> Sum:
    return Sum(Cast(Round(F(field) * Value(NANO)), BigIntegerField()), default=0)


_SUMS: dict[str, Expression] = {
    **{f"sum_{name}": aggregate for name, aggregate in _COUNTS.items()},
    "sum_cost": _nanos("cost"),
    "sum_saved": _nanos("saved"),
}


def visible_to(viewer: Viewer) -> QuerySet[Call]:
    """Return the calls that a person may see: staff all, others their own."""
    if not viewer.is_authenticated:
        return Call.objects.none()
    return Call.objects.all() if getattr(viewer, "is_staff", False) else Call.objects.filter(user=viewer.pk)


def calls(
    viewer: Viewer, *, since: datetime, until: datetime, filters: Filters | None = None
) -> QuerySet[Call]:
    """Return the calls from `since` until just before `until` that a person may see."""
    condition = filters.as_q() if filters else Q()
    return visible_to(viewer).filter(condition, created_at__gte=since, created_at__lt=until)


def summary(
    viewer: Viewer,
    *,
    since: datetime,
    until: datetime,
    by: Sequence[str] = (),
    filters: Filters | None = None,
    most: int | None = None,
) -> Summary:
    """Sum the visible calls in one statement; raises WrongQuery for an unknown key or over `most` rows."""
    columns = _columns(by)
    found = calls(viewer, since=since, until=until, filters=filters)
    grouped = found.values(**{f"by_{name}": column for name, column in columns.items()})
    if columns:
        records = grouped.annotate(**_SUMS).order_by(*(f"by_{name}" for name in columns))
        rows = tuple(_row(record, columns) for record in (records[: most + 1] if most else records))
    else:
        rows = (_row(found.aggregate(**_SUMS), columns),)
    if most and len(rows) > most:
        raise WrongQuery("/by", f"This gives more than {most:,} rows. Ask for a shorter time or fewer keys.")
    return Summary(rows=rows if columns else (), total=sum((row.figures for row in rows), Figures()))


def _columns(by: Iterable[str]) -> dict[str, F | Expression]:
    columns: dict[str, F | Expression] = {}
    for key in by:
        if key not in KEYS:
            raise WrongQuery("/by", f"There is no key “{key}”. Use {', '.join(KEYS)}.")
        columns |= KEYS[key]
    return columns


def _row(record: Mapping[str, Any], columns: Iterable[str]) -> Row:
    return Row(
        keys={name: record[f"by_{name}"] for name in columns},
        figures=Figures(
            **{name: record[f"sum_{name}"] for name in _COUNTS},
            known_cost=Decimal(record["sum_cost"]) / NANO,
            saved=Decimal(record["sum_saved"]) / NANO,
        ),
    )


def moment(text: str, *, now: datetime, pointer: str) -> datetime:
    """Return the moment that `24h`, `7d`, a date or an ISO 8601 time names; raises WrongQuery."""
    if span := re.fullmatch(r"(\d{1,5})([hd])", text):
        return now - timedelta(**{{"h": "hours", "d": "days"}[span[2]]: int(span[1])})
    try:
        if len(text) <= len("2026-11-01"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        text = re.sub(r"(T.*) (\d\d:\d\d)$", r"\1+\2", text)  # a + that was not escaped in an address
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongQuery(pointer, f"“{text[:40]}” is not a time. Write 2026-11-01, 7d or 24h.") from None


def span(since: str, until: str, *, now: datetime) -> tuple[datetime, datetime]:
    """Return both ends of a time; by default the 30 days until now; raises WrongQuery."""
    end = moment(until, now=now, pointer="/until") if until else now
    start = moment(since, now=now, pointer="/since") if since else now - timedelta(days=30)
    if start >= end:
        raise WrongQuery("/since", "This must be before the end of the time.")
    return start, end
