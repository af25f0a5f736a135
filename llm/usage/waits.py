"""How long people waited: counted by the database, to two significant figures.

A histogram is one pass without a sort, has at most a few hundred rows a group however many calls there are,
and histograms of groups add up to that of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from django.db.models import Case, Count, F, QuerySet, TextField, When
from django.db.models.functions import Cast

type Histogram = Counter[int]
type Wait = Literal["first_token", "total"]
type Group = tuple[Any, ...]
type Columns = Mapping[str, Any]

WAITS: tuple[Wait, ...] = ("first_token", "total")
_KEPT = msgspec.json.Decoder(dict[int, int])  # ten times faster than a JSONField, whose keys are texts


def rounded(wait: Wait) -> Case:
    """Return the milliseconds of a call rounded to two significant figures, as pages show them."""
    field = f"{wait}_ms"
    value = F(field)
    return Case(
        When(**{f"{field}__lt": 100}, then=value),
        When(**{f"{field}__lt": 1_000}, then=(value + 5) / 10 * 10),
        When(**{f"{field}__lt": 10_000}, then=(value + 50) / 100 * 100),
        default=(value + 500) / 1_000 * 1_000,
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


def of_days(
    days: QuerySet[Any], waits: Iterable[Wait], columns: Columns
) -> dict[Wait, dict[Group, Histogram]]:
    """Return the same of rolled days, by columns of CallDay: several waits in one statement."""
    found: dict[Wait, dict[Group, Histogram]] = {wait: {} for wait in waits}
    grouping = {f"by_{name}": column for name, column in columns.items()}
    kept = {f"kept_{wait}": Cast(wait, TextField()) for wait in found}
    rows = days.order_by().annotate(**grouping, **kept).values_list(*grouping, *kept)
    for row in rows.iterator():
        group = row[: len(grouping)]
        for histograms, text in zip(found.values(), row[len(grouping) :], strict=True):
            histograms.setdefault(group, Counter()).update(_KEPT.decode(text))
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
