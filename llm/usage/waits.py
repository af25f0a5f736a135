"""How long people waited: counted by the database, to two significant figures.

A histogram is one pass without a sort, has at most a few hundred rows a group however many calls there are,
and histograms of groups add up to that of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from django.db.models import Case, Count, F, QuerySet, When

type Histogram = Counter[int]
type Wait = Literal["first_token", "total"]
type Group = tuple[Any, ...]
type Columns = Mapping[str, Any]


def rounded(wait: Wait) -> Case:
    """Return the milliseconds of a call to two significant figures, as an expression."""
    field = f"{wait}_ms"
    value = F(field)
    return Case(
        When(**{f"{field}__lt": 100}, then=value),
        When(**{f"{field}__lt": 1_000}, then=value / 10 * 10),
        When(**{f"{field}__lt": 10_000}, then=value / 100 * 100),
        default=value / 1_000 * 1_000,
    )


def of_calls(calls: QuerySet[Any], wait: Wait, columns: Columns) -> dict[Group, Histogram]:
    """Return how many calls waited how long, by columns of Call."""
    grouping = {f"by_{name}": column for name, column in columns.items()}
    counted = (
        calls.filter(cached=False, **{f"{wait}_ms__isnull": False})
        .values(**grouping, ms=rounded(wait))
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: dict[Group, Histogram] = {}
    for row in counted:
        group = tuple(row[name] for name in grouping)
        found.setdefault(group, Counter())[row["ms"]] += row["count"]
    return found


def of_days(days: QuerySet[Any], wait: Wait, columns: Columns) -> dict[Group, Histogram]:
    """Return the same of rolled days, by columns of CallDay."""
    found: dict[Group, Histogram] = {}
    grouping = {f"by_{name}": column for name, column in columns.items()}
    rows = days.order_by().annotate(**grouping).values_list(*grouping, wait)
    for *group, kept in rows.iterator():
        histogram = found.setdefault(tuple(group), Counter())
        for ms, count in kept.items():
            histogram[int(ms)] += count
    return found


def added(one: Mapping[Group, Histogram], other: Mapping[Group, Histogram]) -> dict[Group, Histogram]:
    """Return the histograms of both."""
    return {group: one.get(group, Counter()) + other.get(group, Counter()) for group in {*one, *other}}


def quantile(histogram: Mapping[int, int], percent: int = 95) -> int | None:
    """Return the milliseconds that `percent` of a hundred did not exceed (nearest rank); None of nothing."""
    rank = -(-sum(histogram.values()) * percent // 100)
    for ms in sorted(histogram):
        rank -= histogram[ms]
        if rank <= 0:
            return ms
    return None
