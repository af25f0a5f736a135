"""What it cost: the ledger summed by any keys, for what its viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from llm.models import Call, CallDay
from llm.usage import waits
from llm.usage.asking import Filters, Viewer, WrongQuery, seen_by, sees_all
from llm.usage.counting import OF_CALLS, OF_DAYS, PEOPLE, ROLLED, columns_of
from llm.usage.days import NOTHING, Split, split
from llm.usage.figures import Figures, Row, Summary

EVERYTHING = Filters()


def visible_to(viewer: Viewer) -> QuerySet[Call]:
    """Return the calls that a person may see: staff all, others their own."""
    return Call.objects.filter(seen_by(viewer))


def calls(
    viewer: Viewer, *, since: datetime, until: datetime, filters: Filters | None = None
) -> QuerySet[Call]:
    """Return the calls from `since` until just before `until` that a person may see."""
    condition = (filters or EVERYTHING).as_q()
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
    """Sum the visible calls; raises WrongQuery for an unknown key or over `most` rows.

    Past days and hours are read from what they were rolled up to, where that still holds; the rest call by
    call.
    """
    columns = columns_of(by)
    found: dict[tuple[Any, ...], Figures] = {}
    for part in _parts(viewer, since, until, by, columns, filters or EVERYTHING):
        for keys, figures in part.grouped(most):
            found[keys] = found[keys] + figures if keys in found else figures
    if most and columns and len(found) > most:
        raise _too_many(most)
    ordered = sorted(found.items(), key=lambda item: tuple(map(_place, item[0]))) if columns else ()
    return Summary(
        rows=tuple(Row(keys=dict(zip(columns, keys, strict=True)), figures=sums) for keys, sums in ordered),
        total=Figures.total(found.values()),
    )


def histograms(
    viewer: Viewer,
    *by: str,
    since: datetime,
    until: datetime,
    filters: Filters | None = None,
    of: Sequence[waits.Wait] = waits.WAITS,
) -> dict[waits.Wait, dict[waits.Group, waits.Histogram]]:
    """Return how many visible calls waited how long, for each wait by keys that are no person."""
    columns = columns_of(by)
    days, rest = _split(viewer, since, until, filters or EVERYTHING, people=False, hourly="hour" in by)
    rolled = waits.of_days(days, of, _rolled(columns))
    return {wait: waits.added(rolled[wait], waits.of_calls(rest, wait, columns)) for wait in of}


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows that are summed in one statement."""

    rows: QuerySet[Any]
    columns: dict[str, Any]
    sums: dict[str, Any]

    def grouped(self, most: int | None) -> Iterable[tuple[tuple[Any, ...], Figures]]:
        if not self.columns:
            return [((), Figures.of(self.rows.aggregate(**self.sums)))]
        grouping = {f"by_{name}": column for name, column in self.columns.items()}
        records = self.rows.order_by().values(**grouping).annotate(**self.sums)
        found = list(records[: most + 1] if most else records)
        if most and len(found) > most:
            raise _too_many(most)
        return [(tuple(record[name] for name in grouping), Figures.of(record)) for record in found]


def _parts(
    viewer: Viewer,
    since: datetime,
    until: datetime,
    by: Sequence[str],
    columns: dict[str, Any],
    filters: Filters,
) -> Iterable[_Part]:
    hourly = "hour" in by
    rolled, rest = _split(viewer, since, until, filters, people=bool({*by} & {*PEOPLE}), hourly=hourly)
    return [_Part(rolled, _rolled(columns), OF_DAYS), _Part(rest, columns, OF_CALLS)]


def _rolled(columns: dict[str, Any]) -> dict[str, Any]:
    """The same columns of CallDay."""
    return {name: ROLLED.get(name, column) for name, column in columns.items()}


def _split(
    viewer: Viewer, since: datetime, until: datetime, filters: Filters, *, people: bool, hourly: bool = False
) -> tuple[QuerySet[CallDay], QuerySet[Call]]:
    """What is rolled up, and what is not. Hours are rolled up for everybody only.

    An empty part costs no statement.
    """
    seen = seen_by(viewer) & filters.as_q()
    everyone = sees_all(viewer) and not filters.of_people and not people
    parts = split(since, until) if everyone or not hourly else Split(since, until, ())
    within = NOTHING if hourly else parts.in_days()
    if everyone:
        within |= parts.in_hours(of_whole_days=hourly)
    rolled = CallDay.objects.filter(seen, within, everyone=everyone)
    return rolled, Call.objects.filter(seen, parts.outside(hours=everyone))


def finest(viewer: Viewer, since: datetime, until: datetime, filters: Filters) -> tuple[QuerySet[CallDay], Q]:
    """Return the shortest pieces of a time that are rolled up, and the condition on the rest of its calls."""
    everyone = sees_all(viewer) and not filters.of_people
    parts = split(since, until)
    within = parts.in_hours(of_whole_days=True) if everyone else parts.in_days()
    rolled = CallDay.objects.filter(seen_by(viewer), filters.as_q(), within, everyone=everyone)
    return rolled, parts.outside(hours=everyone)


def _too_many(most: int) -> WrongQuery:
    return WrongQuery("/by", f"This gives more than {most:,} rows. Ask for a shorter time or fewer keys.")


def _place(value: Any) -> tuple[bool, Any]:
    return value is None, "" if value is None else value  # what is unknown comes last
