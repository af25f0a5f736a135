"""The calls behind a figure, newest first, a page at a time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from llm.dashboard.period import Period
from llm.dashboard.scope import Scope
from llm.models import Call
from llm.usage import NOT_ERRORS

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
    found = scope.calls(period.now).filter(ONLY[only])
    rows = list(_after(found, after).order_by("-created_at", "-id")[: PAGE + 1])
    return Listing(only=only, calls=rows[:PAGE], older=rows[PAGE - 1].pk if len(rows) > PAGE else None)


def _after(calls: QuerySet[Call], after: str) -> QuerySet[Call]:
    try:
        last = calls.filter(pk=uuid.UUID(after)).values_list("created_at", "id").first() if after else None
    except ValueError:
        return calls
    if last is None:
        return calls
    return calls.filter(
        Q(created_at__lt=last[0]) | Q(created_at=last[0], id__lt=last[1]), created_at__lte=last[0]
    )
