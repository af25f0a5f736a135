"""Where the newest of some calls are, by rolled hours and days, so that a rare kind is found at once.

Without it the database walks back over every call of a time until it has found a page of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import DateTimeField, F, Func, Q, QuerySet, Sum

from llm.models import Call
from llm.usage.asking import Filters, Viewer
from llm.usage.days import DAY, HOUR, Span, midnight
from llm.usage.sums import calls, finest, visible_to

# What the roll-up counts of each kind of call.
KINDS = {
    "": F("calls") + F("cached_calls"),
    "errors": F("errors"),
    "cached": F("cached_calls"),
    "unpriced": F("unpriced_calls"),
}


class _Unindexed(Func):
    """A moment sorted without an index: else PostgreSQL walks it back through all that lies between."""

    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, template="+%(expressions)s", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, template="%(expressions)s + interval '0'", **extra)


def newest(
    viewer: Viewer, kind: str, *, since: datetime, until: datetime, filters: Filters, count: int
) -> QuerySet[Call]:
    """Return visible calls of a time, newest first, of older ones than the `count` newest of a kind a few.

    Those that are of no such kind are for the caller to leave out.
    """
    if not kind and not filters:  # the newest are the last ones, whatever they are
        return calls(viewer, since=since, until=until).order_by("-created_at", "-id")
    rolled, rest = finest(viewer, since, until, filters)
    spans = [Q(created_at__gte=start, created_at__lt=end) for start, end in _spans(rolled, kind, count)]
    found = visible_to(viewer).filter(filters.as_q(), reduce(or_, spans, rest))
    return found.order_by(_Unindexed("created_at").desc(), "-id")


def _spans(rolled: QuerySet[Any], kind: str, count: int) -> Iterator[Span]:
    """The newest hours or days that hold so many of a kind together."""
    found = rolled.values_list("day", "hour").annotate(found=Sum(KINDS[kind])).filter(found__gt=0)
    for day, hour, number in found.order_by("-day", "-hour"):
        start = midnight(day) + HOUR * (hour or 0)
        yield start, start + (DAY if hour is None else HOUR)
        count -= number
        if count <= 0:
            return
