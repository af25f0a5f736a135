"""The usage page's figures: a fixed number of statements, whatever the ledger holds."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from llm.amounts import NOTHING, dollars, percent, plural, short
from llm.dashboard.feature_chart import Drawing, draw
from llm.dashboard.headline import Headline, headlines
from llm.dashboard.period import Period, Span
from llm.models import Call
from llm.usage import (
    Figures,
    Filters,
    Histogram,
    Summary,
    Viewer,
    calls,
    histograms,
    quantile,
    summary,
    visible_to,
)

LATEST = 50
MOST_PEOPLE = 8
MOST_VERSIONS = 12


@dataclass(frozen=True, slots=True)
class Measure:
    """What bars show and tables are sorted by."""

    name: str
    of: Callable[[Figures], Decimal]
    show: Callable[[Decimal], str]


MEASURES = {
    "cost": Measure("cost", lambda figures: figures.known_cost, dollars),
    "tokens": Measure("tokens", lambda figures: Decimal(figures.tokens), short),
    "calls": Measure("calls", lambda figures: Decimal(figures.calls), short),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose calls are shown, and which of them."""

    viewer: Viewer
    filters: Filters

    def summary(self, span: Span, *by: str) -> Summary:
        """Sum the calls of a time."""
        return summary(self.viewer, since=span[0], until=span[1], by=by, filters=self.filters)

    def waits(self, span: Span, *fields: str) -> dict[tuple[Any, ...], Histogram]:
        """Return the histograms of first tokens of a time."""
        return histograms(
            self.viewer, "first_token", *fields, since=span[0], until=span[1], filters=self.filters
        )

    def calls(self, span: Span) -> QuerySet[Call]:
        """Return the calls of a time."""
        return calls(self.viewer, since=span[0], until=span[1], filters=self.filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a table; `bar` is its part of the longest one, as an SVG width."""

    keys: Mapping[str, Any]
    figures: Figures
    bar: str
    first_token: int | None = None
    lines: tuple["Line", ...] = ()

    @property
    def error_share(self) -> str:
        return percent(self.figures.errors, self.figures.calls) if self.figures.calls else NOTHING

    @property
    def hit_share(self) -> str:
        return percent(self.figures.cached_calls, self.figures.answers) if self.figures.answers else NOTHING

    @property
    def is_failing(self) -> bool:
        """More than one call in fifty ends in an error, and it is not a single one."""
        return self.figures.errors > 1 and self.figures.errors * 50 > self.figures.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that the page shows of a period."""

    measure: Measure
    headlines: list[Headline]
    total: Line
    drawing: Drawing
    features: list[Line]
    models: list[Line]
    people: list[Line]
    others: Line | None
    prompts: list[Line]
    latest: list[Call]


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there is nothing to show: `kind` is "never", "unmatched" or "quiet"."""

    kind: str
    without_filters: int = 0


def board(scope: Scope, period: Period, measure_name: str) -> Board | Absence:
    """Return the page's figures, or why there are none."""
    detail = scope.summary(period.now, period.step, "feature", "model")
    if not detail.total.answers:
        return _absence(scope, period)
    measure = MEASURES.get(measure_name) or MEASURES["cost" if detail.total.known_cost else "tokens"]
    waits = _by_feature_and_model(scope.waits(period.now, "feature", "provider", "model"))
    waits_before = scope.waits(period.before).get((), Counter())
    first_token = quantile(sum(waits.values(), Counter()))
    drawing = draw(detail, period, of=measure.of, show=measure.show, whole=measure.name != "cost")
    people, others = _people(scope.summary(period.now, "user", "key"), measure)
    return Board(
        measure=measure,
        headlines=headlines(
            detail.total,
            scope.summary(period.before).total,
            first_token=first_token,
            first_token_before=quantile(waits_before),
        ),
        total=Line(keys={}, figures=detail.total, bar="", first_token=first_token),
        drawing=drawing,
        features=_features(detail, waits, measure),
        models=_lines(detail.folded("model"), ("model",), measure),
        people=people,
        others=others,
        prompts=_prompts(scope.summary(period.now, "prompt_version"), measure),
        latest=_latest(scope, period),
    )


def _absence(scope: Scope, period: Period) -> Absence:
    if scope.filters:
        everything = replace(scope, filters=Filters()).summary(period.now).total.answers
        if everything:
            return Absence("unmatched", everything)
    return Absence("quiet" if visible_to(scope.viewer).exists() else "never")


def _latest(scope: Scope, period: Period) -> list[Call]:
    found = scope.calls(period.now).select_related("user", "key")
    return list(found.order_by("-created_at", "-id")[:LATEST])


def _by_feature_and_model(
    waits: Mapping[tuple[str, ...], Histogram],
) -> dict[tuple[str, str], Histogram]:
    return {(feature, f"{provider}:{model}"): wait for (feature, provider, model), wait in waits.items()}


def _features(detail: Summary, waits: Mapping[tuple[str, str], Histogram], measure: Measure) -> list[Line]:
    features = detail.folded("feature")
    longest = max(map(measure.of, features.values()))
    pairs = detail.folded("feature", "model")
    found = []
    for (feature,), figures in _sorted(features.items(), measure):
        inner = {key: value for key, value in pairs.items() if key[0] == feature}
        found.append(
            Line(
                keys={"feature": feature},
                figures=figures,
                bar=_bar(measure.of(figures), longest),
                first_token=quantile(sum((waits.get(key, Counter()) for key in inner), Counter())),
                lines=tuple(
                    Line(
                        keys={"feature": feature, "model": key[1]},
                        figures=value,
                        bar=_bar(measure.of(value), longest),
                        first_token=quantile(waits.get(key, Counter())),
                    )
                    for key, value in _sorted(inner.items(), measure)
                ),
            )
        )
    return found


def _people(found: Summary, measure: Measure) -> tuple[list[Line], Line | None]:
    """The first people and keys, and one line for the others."""
    folded = found.folded("user", "key", "key_id")
    lines = _lines(folded, ("user", "key", "key_id"), measure)
    named, rest = lines[:MOST_PEOPLE], lines[MOST_PEOPLE:]
    if len(rest) < 2:
        return lines, None
    figures = sum((line.figures for line in rest), Figures())
    longest = max(map(measure.of, folded.values()))
    bar = _bar(min(measure.of(figures), longest), longest)
    return named, Line(keys={"words": plural(len(rest), "other")}, figures=figures, bar=bar)


def _prompts(found: Summary, measure: Measure) -> list[Line]:
    """The versions of prompts; calls that came from none are not among them."""
    folded = found.folded("prompt", "prompt_version")
    versions = {key: figures for key, figures in folded.items() if key[0] and key[1]}
    return _lines(versions, ("prompt", "prompt_version"), measure)[:MOST_VERSIONS]


def _lines(folded: Mapping[tuple[Any, ...], Figures], names: tuple[str, ...], measure: Measure) -> list[Line]:
    longest = max(map(measure.of, folded.values()), default=Decimal(0))
    return [
        Line(keys=dict(zip(names, key, strict=True)), figures=figures, bar=_bar(measure.of(figures), longest))
        for key, figures in _sorted(folded.items(), measure)
    ]


def _sorted(
    items: Iterable[tuple[tuple[Any, ...], Figures]], measure: Measure
) -> list[tuple[tuple[Any, ...], Figures]]:
    return sorted(items, key=lambda item: (-measure.of(item[1]), -item[1].answers, str(item[0])))


def _bar(value: Decimal, longest: Decimal) -> str:
    return f"{value * 100 / longest:.1f}%" if longest else "0%"
