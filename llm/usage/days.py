"""Which part of a time is read from rolled days and hours, and which call by call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q

from llm.models import RolledDay, StaleDay

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ALL_DAY = 24
NOTHING = Q(pk__in=())

type Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day from `first` until just before `end`."""

    day: date
    first: int
    end: int

    @property
    def whole(self) -> bool:
        """True for all of the day."""
        return (self.first, self.end) == (0, ALL_DAY)

    @property
    def span(self) -> Span:
        """Both ends as moments."""
        return midnight(self.day) + HOUR * self.first, midnight(self.day) + HOUR * self.end


@dataclass(frozen=True, slots=True)
class Split:
    """A time, and what of it is rolled up."""

    since: datetime
    until: datetime
    rolled: tuple[Hours, ...]

    def in_days(self) -> Q:
        """Return the condition on CallDay for whole days."""
        return Q(hour=None, day__in=[part.day for part in self.rolled if part.whole])

    def in_hours(self, *, of_whole_days: bool) -> Q:
        """Return the condition on CallDay for hours of days that are not whole, or of all."""
        parts = [part for part in self.rolled if of_whole_days or not part.whole]
        whole = [part.day for part in parts if part.whole]
        edges = (Q(day=p.day, hour__gte=p.first, hour__lt=p.end) for p in parts if not p.whole)
        return reduce(or_, edges, Q(hour__isnull=False, day__in=whole) if whole else NOTHING)

    def outside(self, *, hours: bool) -> Q:
        """Return the condition on Call for what is in neither: without `hours`, in no whole day."""
        covered = [part.span for part in self.rolled if hours or part.whole]
        spans = [Q(created_at__gte=a, created_at__lt=b) for a, b in _gaps(self.since, self.until, covered)]
        return reduce(or_, spans) if spans else NOTHING


def split(since: datetime, until: datetime) -> Split:
    """Return what of a time is rolled up now."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    stale = StaleDay.objects.filter(day=OuterRef("pk"))
    between = RolledDay.objects.filter(~Exists(stale), day__gte=since.date(), day__lte=until.date())
    days = between.order_by("day").values_list("day", "hours")
    found = (_within(day, hours, since, until) for day, hours in days)
    return Split(since, until, tuple(part for part in found if part.first < part.end))


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins."""
    return datetime.combine(day, time(), UTC)


def _within(day: date, hours: int, since: datetime, until: datetime) -> Hours:
    """The full hours of a rolled day that are within a time."""
    first = -((midnight(day) - since) // HOUR)
    return Hours(day, max(first, 0), min((until - midnight(day)) // HOUR, hours))


def _gaps(since: datetime, until: datetime, covered: Iterable[Span]) -> Iterator[Span]:
    for start, end in covered:
        if since < start:
            yield since, start
        since = end
    if since < until:
        yield since, until
