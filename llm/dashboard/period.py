"""The times that the dashboard shows: whole hours or days until now, and the same stretch before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

NAMES = {"24h": "24 h", "7d": "7 days", "30d": "30 days", "month": "Month"}

type Span = tuple[datetime, datetime]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`starts` begin the hours or days; a month has also those to come. `until` is now, not included."""

    name: str
    step: Literal["hour", "day"]
    starts: tuple[datetime, ...]
    until: datetime
    before: Span

    @property
    def since(self) -> datetime:
        return self.starts[0]

    @property
    def now(self) -> Span:
        return self.since, self.until

    @property
    def keys(self) -> tuple[str, ...]:
        """The starts as rows of the ledger's summary name them."""
        form = "%Y-%m-%dT%H:00:00Z" if self.step == "hour" else "%Y-%m-%d"
        return tuple(start.strftime(form) for start in self.starts)

    @property
    def words(self) -> str:
        """As in "no calls in ..."."""
        return {"24h": "these 24 hours", "month": "this month"}.get(
            self.name, f"these {len(self.starts)} days"
        )

    @property
    def before_words(self) -> str:
        """As in "compared with ..."."""
        if self.name == "month":
            return f"the same days of {self.before[0]:%B}"
        return "the 24 hours before" if self.name == "24h" else f"the {len(self.starts)} days before"

    @property
    def dates(self) -> str:
        """As in "24 October to 22 November"."""
        if self.step == "hour":
            return f"since {day(self.since)}, {self.since:%H:%M}"
        return day(self.since) if self.since.date() == self.until.date() else self._from_to()

    def _from_to(self) -> str:
        first, last = self.since, self.until
        if first.year != last.year:
            return f"{day(first)} {first.year} to {day(last)} {last.year}"
        return f"{first.day if first.month == last.month else day(first)} to {day(last)}"


def day(moment: datetime) -> str:
    """Return "22 November"."""
    return f"{moment.day} {moment:%B}"


def period(name: str, now: datetime) -> Period:
    """Return the period of a name in NAMES; 30 days for any other."""
    if name == "24h":
        return _last(24, HOUR, now.replace(minute=0, second=0, microsecond=0), now, name)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "month":
        return _month(midnight.replace(day=1), now)
    return _last(7, DAY, midnight, now, name) if name == "7d" else _last(30, DAY, midnight, now, "30d")


def _last(count: int, length: timedelta, newest: datetime, now: datetime, name: str) -> Period:
    starts = tuple(newest - length * back for back in reversed(range(count)))
    whole = length * count
    return Period(
        name=name,
        step="hour" if length == HOUR else "day",
        starts=starts,
        until=now,
        before=(starts[0] - whole, now - whole),
    )


def _month(first: datetime, now: datetime) -> Period:
    days = ((first + 31 * DAY).replace(day=1) - first).days
    first_before = (first - DAY).replace(day=1)
    return Period(
        name="month",
        step="day",
        starts=tuple(first + DAY * number for number in range(days)),
        until=now,
        before=(first_before, min(first_before + (now - first), first)),  # a shorter month ends earlier
    )
