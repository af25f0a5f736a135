"""Rolling up past hours and days: exact, one transaction a day, as often as a day was changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from llm.models import Call, CallDay, RolledDay, StaleDay
from llm.usage import waits
from llm.usage.counting import HOUR_OF_DAY, OF_CALLS
from llm.usage.days import ALL_DAY, DAY, HOUR, midnight

SETTLED = timedelta(minutes=10)  # after its hour: a row written before the end is surely committed by then
MOST_NOTES = 10_000  # of one day that one roll-up takes away; what is left has it rolled up once more
EVERYBODY = ("feature", "prompt", "prompt_version", "provider", "model")
PERSON = ("user_id", "key_id", *EVERYBODY)

type Keys = tuple[Any, ...]


@dataclass(slots=True)
class _Group:
    sums: Counter[str] = field(default_factory=Counter)
    waits: dict[str, Counter[int]] = field(default_factory=lambda: {wait: Counter() for wait in waits.WAITS})

    def add(self, other: _Group) -> None:
        self.sums.update(other.sums)
        for wait in waits.WAITS:
            self.waits[wait].update(other.waits[wait])


type _Groups = Mapping[Keys, _Group]


def roll_up(now: datetime | None = None) -> list[date]:
    """Roll up each day that is not, or is no more, as far as its hours are over; returns those days."""
    now = now or timezone.now()
    days = sorted(due(now))
    for day in days:
        roll_day(day, now)
    return days


def due(now: datetime) -> set[date]:
    """Return the days of which something is to be rolled up."""
    first = Call.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if first is None:
        return set()
    end = now - SETTLED
    days = {first.date() + DAY * number for number in range((end - midnight(first.date())) // DAY + 1)}
    done = {day for day, hours in RolledDay.objects.values_list("day", "hours") if hours >= over(day, end)}
    stale = set(StaleDay.objects.values_list("day", flat=True).distinct())
    return {day for day in days - (done - stale) if over(day, end)}


def over(day: date, end: datetime) -> int:
    """Return how many hours of a day were over at a moment."""
    return max(0, min((end.astimezone(UTC) - midnight(day)) // HOUR, ALL_DAY))


@transaction.atomic
def roll_day(day: date, now: datetime) -> None:
    """Add up the past hours of a day. What is written meanwhile notes the day as stale again."""
    rolled, _ = RolledDay.objects.select_for_update().get_or_create(day=day, defaults={"rolled_at": now})
    notes = list(StaleDay.objects.filter(day=day).values_list("pk", flat=True)[:MOST_NOTES])
    rolled.hours, rolled.rolled_at = over(day, now - SETTLED), now
    CallDay.objects.filter(day=day).delete()
    CallDay.objects.bulk_create(_rows(day, rolled.hours), batch_size=500)
    StaleDay.objects.filter(pk__in=notes).delete()
    rolled.save(update_fields=["hours", "rolled_at"])


def _rows(day: date, hours: int) -> Iterator[CallDay]:
    start = midnight(day)
    calls = Call.objects.filter(created_at__gte=start, created_at__lt=start + HOUR * hours)
    hourly = _added_up(calls, ("hour", *EVERYBODY))
    yield from _made(day, hourly, ("hour", *EVERYBODY), everyone=True)
    if hours == ALL_DAY:
        yield from _made(day, _added_up(calls, PERSON), PERSON, everyone=False)
        yield from _made(day, _of_the_day(hourly), EVERYBODY, everyone=True)


def _added_up(calls: QuerySet[Call], names: tuple[str, ...]) -> _Groups:
    found: defaultdict[Keys, _Group] = defaultdict(_Group)
    columns = {name: HOUR_OF_DAY if name == "hour" else F(name) for name in names}
    grouping = {f"by_{name}": column for name, column in columns.items()}
    records: Any = calls.order_by().values(**grouping).annotate(**OF_CALLS)
    for record in records:
        keys = tuple(record.pop(name) for name in grouping)
        found[keys].sums.update(record)
    for wait in waits.WAITS:
        for keys, histogram in waits.of_calls(calls, wait, columns).items():
            found[keys].waits[wait].update(histogram)
    return found


def _of_the_day(hourly: _Groups) -> _Groups:
    found: defaultdict[Keys, _Group] = defaultdict(_Group)
    for (_, *keys), group in hourly.items():
        found[tuple(keys)].add(group)
    return found


def _made(day: date, groups: _Groups, names: tuple[str, ...], **of_row: Any) -> Iterator[CallDay]:
    for keys, group in groups.items():
        sums = {name.removeprefix("sum_"): value for name, value in group.sums.items()}
        costs = {"cost_nano": sums.pop("cost"), "saved_nano": sums.pop("saved")}
        yield CallDay(
            day=day, **of_row, **dict(zip(names, keys, strict=True)), **sums, **costs, **group.waits
        )
