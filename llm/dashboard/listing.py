"""The calls behind a figure, newest first, a page at a time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from llm.dashboard.period import Period
from llm.dashboard.scope import Scope
from llm.models import Call
from llm.usage import NOT_ERRORS

type Place = tuple[datetime, uuid.UUID]

PAGE = 50
ONLY = {
    "": Q(),
    "errors": Q(cached=False) & ~Q(outcome__in=NOT_ERRORS),
    "cached": Q(cached=True),
    "unpriced": Q(cached=False, cost=None) & (Q(input_tokens__gt=0) | Q(output_tokens__gt=0)),
}
WORDS = {"": "All", "errors": "Failed", "cached": "From the cache", "unpriced": "Without a price"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of calls; `older` is the id after which the next one begins, None on the last."""

    only: str
    calls: list[Call]
    older: uuid.UUID | None


def listing(scope: Scope, period: Period, only: str, after: str) -> Listing:
    """Return the calls of a period after the one of that id; a strange word is none."""
    only = only if only in ONLY else ""
    last = _place(scope.calls(period.now).filter(ONLY[only]), after)
    rows = list(_found(scope, period, only, last)[: PAGE + 1])
    return Listing(only=only, calls=rows[:PAGE], older=rows[PAGE - 1].pk if len(rows) > PAGE else None)


def _found(scope: Scope, period: Period, only: str, last: Place | None) -> QuerySet[Call]:
    since, until = period.now
    if last is None:
        return scope.newest((since, until), PAGE + 1, only).filter(ONLY[only])
    at, pk = last
    until = min(until, at + timedelta.resolution)  # its own moment is included
    # Of that moment some may be on the page before; they are found in the part that is read call by call.
    found = scope.newest((since, until), PAGE + 1, only).filter(ONLY[only])
    return found.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=pk))


def _place(calls: QuerySet[Call], after: str) -> Place | None:
    """When and which the call of an id was; None for none of these."""
    try:
        return calls.filter(pk=uuid.UUID(after)).values_list("created_at", "id").first() if after else None
    except ValueError:
        return None
