"""Two versions of a prompt side by side, each figure with the range in which it truly is, 95 times in 100."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil, floor, sqrt
from typing import Any

from django.conf import settings
from django.db.models import Count, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from llm.models import Call
from llm.usage import NOT_ERRORS

Z = 1.959964  # of a two-sided 95 % interval
LEAST = 2  # values, to know how they spread
TRIALS = ("cases", "playground")  # features that try a version before people meet it


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value and its range; None where there is not enough to tell."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A version's figures. Rates are from 0 to 1, times in milliseconds, costs in dollars.

    Answers from the cache are not `calls`; `unpriced` of them have no known price, and are in no cost.
    """

    number: int
    calls: int
    cached: int
    errors: int
    error_rate: Figure
    p50: Figure
    p95: Figure
    cost: Decimal | None
    unpriced: int
    cost_per_call: Figure
    up: int
    down: int
    approval: Figure


def compare(slug: str, numbers: Sequence[int], since: datetime) -> list[Side]:
    """Return a side for each version, of the calls since a moment; a fixed number of queries a version."""
    ratings = import_string(settings.PROMPTS_RATINGS)(slug, numbers, since)
    calls = Call.objects.filter(prompt=slug, created_at__gte=since).exclude(feature__in=TRIALS)
    return [
        _side(number, calls.filter(prompt_version=number), *ratings.get(number, (0, 0))) for number in numbers
    ]


def wilson(hits: int, trials: int) -> Figure:
    """Return a rate with its Wilson score interval, which holds for few trials and rare hits, too."""
    if not trials:
        return Figure()
    rate, spread = hits / trials, Z * Z / trials
    middle = (rate + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * sqrt(rate * (1 - rate) / trials + spread / (4 * trials))
    return Figure(
        value=rate,
        low=middle - half if hits else 0.0,  # exactly, where rounding would leave a trace
        high=middle + half if hits < trials else 1.0,
    )


def difference(new: Figure, old: Figure) -> Figure:
    """Return how much more a rate is than another, with Newcombe's hybrid score interval of 1998."""
    if new.value is None or old.value is None:
        return Figure()
    more = new.value - old.value
    below = sqrt((new.value - _low(new)) ** 2 + (_high(old) - old.value) ** 2)
    above = sqrt((_high(new) - new.value) ** 2 + (old.value - _low(old)) ** 2)
    return Figure(value=more, low=more - below, high=more + above)


def quantile_ranks(count: int, share: float) -> tuple[int, int, int]:
    """Return the places, from 0, of a quantile in `count` sorted values and of both ends of its range.

    The number of values below the true quantile is binomial, whatever the values are like.
    """
    half = Z * sqrt(count * share * (1 - share))
    places = (ceil(count * share) - 1, floor(count * share - half), ceil(count * share + half))
    middle, low, high = (min(max(place, 0), count - 1) for place in places)
    return middle, min(low, middle), max(high, middle)


def _low(figure: Figure) -> float:
    return 0.0 if figure.low is None else figure.low


def _high(figure: Figure) -> float:
    return 1.0 if figure.high is None else figure.high


def _side(number: int, calls: QuerySet[Call], up: int, down: int) -> Side:
    asked = Q(cached=False)
    sums: dict[str, Any] = calls.aggregate(
        sum_calls=Count("pk", filter=asked),
        sum_cached=Count("pk", filter=Q(cached=True)),
        sum_errors=Count("pk", filter=asked & ~Q(outcome__in=NOT_ERRORS)),
        sum_cost=Sum("cost", filter=asked),
        sum_priced=Count("cost", filter=asked),
        sum_squares=Sum(Cast("cost", FloatField()) * Cast("cost", FloatField()), filter=asked),
    )
    times = calls.filter(asked, outcome="ok", total_ms__isnull=False).order_by("total_ms")
    timed = times.count()
    return Side(
        number=number,
        calls=sums["sum_calls"],
        cached=sums["sum_cached"],
        errors=sums["sum_errors"],
        error_rate=wilson(sums["sum_errors"], sums["sum_calls"]),
        p50=_quantile(times, timed, 0.5),
        p95=_quantile(times, timed, 0.95),
        cost=sums["sum_cost"],
        unpriced=sums["sum_calls"] - sums["sum_priced"],
        cost_per_call=_mean(sums["sum_cost"], sums["sum_squares"], sums["sum_priced"]),
        up=up,
        down=down,
        approval=wilson(up, up + down),
    )


def _quantile(times: QuerySet[Call], count: int, share: float) -> Figure:
    if not count:
        return Figure()
    middle, low, high = (_at(times, place) for place in quantile_ranks(count, share))
    return Figure(value=middle, low=low, high=high)


def _at(times: QuerySet[Call], place: int) -> int | None:
    found: int | None = times.values_list("total_ms", flat=True)[place : place + 1].first()
    return found


def _mean(total: Decimal | None, squares: float | None, count: int) -> Figure:
    """Return a mean with its normal interval, from the sums of the values and of their squares."""
    if total is None or squares is None or not count:
        return Figure()
    mean = float(total) / count
    if count < LEAST:
        return Figure(value=mean)
    variance = max(0.0, squares - count * mean * mean) / (count - 1)
    half = Z * sqrt(variance / count)
    return Figure(value=mean, low=max(0.0, mean - half), high=mean + half)
