"""The times that the dashboard shows: whole hours or days, and the same stretch before them.

An address names a preset, or the first and the last day or hour of a time of its own, both included:
`2026-11-22` is a day, `2026-11-22T10` an hour. All of it is UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.utils.translation import gettext as _

from llm.usage import WrongQuery

NAMES = {"24h": "24 h", "7d": "7 days", "30d": "30 days", "month": "Month"}
MOST_HOURS, MOST_DAYS = 8 * 24, 366  # columns of a chart

type Span = tuple[datetime, datetime]
type Step = Literal["hour", "day"]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LENGTHS: dict[Step, timedelta] = {"hour": HOUR, "day": DAY}
FORMS: dict[Step, str] = {"hour": "%Y-%m-%dT%H:00:00Z", "day": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` to `end`, in columns of a `step`; `until` is now where the end is to come.

    `before` is what it is compared with. `steps` are those that it may be shown by.
    """

    name: str
    step: Step
    steps: tuple[Step, ...]
    since: datetime
    end: datetime
    until: datetime
    before: Span

    @property
    def now(self) -> Span:
        return self.since, self.until

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The beginnings of the hours or days; a month has also those to come."""
        length = LENGTHS[self.step]
        return tuple(self.since + length * number for number in range((self.end - self.since) // length))

    @property
    def keys(self) -> tuple[str, ...]:
        """The starts as rows of the ledger's summary name them."""
        return tuple(start.strftime(FORMS[self.step]) for start in self.starts)

    @property
    def keys_before(self) -> tuple[str, ...]:
        """The same hours or days of the time before."""
        back = self.since - self.before[0]
        return tuple((start - back).strftime(FORMS[self.step]) for start in self.starts)

    @property
    def words(self) -> str:
        """As in "no calls in ..."."""
        presets = {"24h": "these 24 hours", "month": "this month"}
        return presets.get(self.name) or f"these {_length(self.end - self.since)}"

    @property
    def before_words(self) -> str:
        """As in "compared with ..."."""
        if self.name == "month":
            return f"the same days of {self.before[0]:%B}"
        return f"the {_length(self.end - self.since)} before"

    @property
    def dates(self) -> str:
        """As in "24 October to 22 November"."""
        if self.name == "24h":
            return f"since {day(self.since)}, {self.since:%H:%M}"
        last = min(self.until, self.end - HOUR)
        if self.end - self.since < DAY:
            return f"{day(self.since)}, {self.since:%H:%M} to {self.end:%H:%M}"
        return day(self.since) if self.since.date() == last.date() else self._from_to(last)

    def _from_to(self, last: datetime) -> str:
        first = self.since
        if first.year != last.year:
            return f"{day(first)} {first.year} to {day(last)} {last.year}"
        return f"{first.day if first.month == last.month else day(first)} to {day(last)}"


def day(moment: datetime) -> str:
    """Return "22 November"."""
    return f"{moment.day} {moment:%B}"


def bucket(start: datetime, step: Step) -> str:
    """Return how an address names the hour or day that begins then."""
    return start.strftime("%Y-%m-%dT%H" if step == "hour" else "%Y-%m-%d")


def period(query: Mapping[str, str], now: datetime) -> Period:
    """Return what an address asks for, 30 days if nothing; raises WrongQuery for a time that cannot be."""
    if query.get("from") or query.get("to"):
        return _custom(query, now)
    name = query.get("period", "")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "24h":
        end = now.replace(minute=0, second=0, microsecond=0) + HOUR
        return _made(name, end - DAY, end, now, query)
    if name == "month":
        first = midnight.replace(day=1)
        return _month(first, (first + 31 * DAY).replace(day=1), now)
    days = 7 if name == "7d" else 30
    return _made("7d" if days == 7 else "30d", midnight - DAY * (days - 1), midnight + DAY, now, query)


def _made(name: str, since: datetime, end: datetime, now: datetime, query: Mapping[str, str]) -> Period:
    until, steps = min(end, now), _steps(since, end)
    wanted = query.get("step", "")
    return Period(
        name=name,
        step=next((step for step in steps if step == wanted), steps[0]),
        steps=steps,
        since=since,
        end=end,
        until=until,
        before=(since - (end - since), until - (end - since)),
    )


def _steps(since: datetime, end: datetime) -> tuple[Step, ...]:
    """What a time may be shown by, the usual one first: hours for up to two days."""
    hours: tuple[Step, ...] = ("hour",) if end - since <= HOUR * MOST_HOURS else ()
    days: tuple[Step, ...] = ("day",) if end - since > DAY and not (since.hour or end.hour) else ()
    return hours + days if end - since <= 2 * DAY else days + hours


def _month(first: datetime, end: datetime, now: datetime) -> Period:
    """Compared with the same days of the month before; a shorter one ends earlier."""
    first_before = (first - DAY).replace(day=1)
    return Period(
        name="month",
        step="day",
        steps=("day",),
        since=first,
        end=end,
        until=now,
        before=(first_before, min(first_before + (now - first), first)),
    )


def _custom(query: Mapping[str, str], now: datetime) -> Period:
    since, _first_end = _named(query.get("from") or query.get("to", ""), "/from")
    last, end = _named(query.get("to") or query.get("from", ""), "/to")
    if last < since:
        raise WrongQuery("/to", _("The last day is before the first. Choose that day or a later one."))
    if since >= now:
        raise WrongQuery("/from", _("This time is to come. Choose a first day that has begun."))
    if end - since > DAY * MOST_DAYS or not _steps(since, end):
        raise WrongQuery(
            "/to", _("This is more than a chart can show. Choose at most a year, in whole days.")
        )
    return _made("custom", since, end, now, query)


def _named(text: str, pointer: str) -> Span:
    """Both ends of the day or hour that an address names."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(T\d\d)?", text, re.ASCII)
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=UTC) if found else None
        end = start and start + (HOUR if found and found[2] else DAY)
    except (ValueError, OverflowError):
        start = end = None
    if start is None or end is None or start.year < 1970:
        raise WrongQuery(
            pointer, _("“%(text)s” is no day. Write one as in 2026-11-22.") % {"text": text[:20]}
        )
    return start, end


def _length(span: timedelta) -> str:
    hours = span // HOUR
    if hours % 24:
        return "hour" if hours == 1 else f"{hours} hours"
    if hours == 24:
        return "24 hours"
    return f"{hours // 24} days"
