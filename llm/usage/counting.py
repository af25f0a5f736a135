"""How the ledger's rows are grouped and added up in the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Expression,
    F,
    Func,
    IntegerField,
    Q,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Concat, LPad, Round, Substr

from llm.usage.asking import WrongQuery
from llm.usage.figures import COUNTS, NANO

NOT_ERRORS = ("ok", "stopped")


class _Text(Func):
    """A moment as `YYYY-MM-DD HH...`. Django's Trunc is a Python function on SQLite, slow over many rows."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, template="%(expressions)s", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "TO_CHAR(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"
        return super().as_sql(compiler, connection, template=template, **extra)


_DAY = Substr(_Text("created_at"), 1, 10)
HOUR_OF_DAY = Cast(Substr(_Text("created_at"), 12, 2), IntegerField())
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
# Where the same come from in CallDay.
_DATE = Cast("day", CharField())
ROLLED: dict[str, Expression] = {
    "day": _DATE,
    "hour": Concat(_DATE, Value("T"), LPad(Cast("hour", CharField()), 2, Value("0")), Value(":00:00Z")),
}
PEOPLE = ("user", "key")  # the keys for which everybody's calls are not one

_CALLED = Q(cached=False)
_PER_CALL: dict[str, Expression] = {
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


OF_CALLS: dict[str, Expression] = {
    **{f"sum_{name}": aggregate for name, aggregate in _PER_CALL.items()},
    "sum_cost": _nanos("cost"),
    "sum_saved": _nanos("saved"),
}
OF_DAYS: dict[str, Expression] = {
    **{f"sum_{name}": Sum(name, default=0) for name in COUNTS},
    "sum_cost": Sum("cost_nano", default=0),
    "sum_saved": Sum("saved_nano", default=0),
}


def columns_of(keys: Iterable[str]) -> dict[str, F | Expression]:
    """Return what rows by these keys carry, of Call; raises WrongQuery for an unknown key."""
    columns: dict[str, F | Expression] = {}
    for key in keys:
        if key not in KEYS:
            raise WrongQuery("/by", f"There is no key “{key}”. Use {', '.join(KEYS)}.")
        columns |= KEYS[key]
    return columns
