"""How long people waited for the first token: counted by the database, to two significant figures.

A histogram is one pass without a sort, has at most a few hundred rows a group however many calls there are,
and histograms of groups add up to that of the whole.
"""

from collections import Counter
from collections.abc import Mapping

from django.db.models import Case, Count, F, QuerySet, When

from llm.models import Call

type Histogram = Counter[int]

_MS = F("first_token_ms")
_ROUNDED = Case(
    When(first_token_ms__lt=100, then=_MS),
    When(first_token_ms__lt=1_000, then=_MS / 10 * 10),
    When(first_token_ms__lt=10_000, then=_MS / 100 * 100),
    default=_MS / 1_000 * 1_000,
)


def histograms(calls: QuerySet[Call], *fields: str) -> dict[tuple[str, ...], Histogram]:
    """Return how many calls had which first token, in milliseconds, by fields of Call."""
    counted = (
        calls.filter(cached=False, first_token_ms__isnull=False)
        .values(*fields, ms=_ROUNDED)
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: dict[tuple[str, ...], Histogram] = {}
    for row in counted:
        group = tuple(row[field] for field in fields)
        found.setdefault(group, Counter())[row["ms"]] += row["count"]
    return found


def quantile(histogram: Mapping[int, int], percent: int = 95) -> int | None:
    """Return the milliseconds that `percent` of a hundred did not exceed (nearest rank); None of nothing."""
    rank = -(-sum(histogram.values()) * percent // 100)
    for ms in sorted(histogram):
        rank -= histogram[ms]
        if rank <= 0:
            return ms
    return None
