"""The usage page's figures: a fixed number of statements, whatever the ledger holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from llm.dashboard.breakdown import WAYS, Table, Way, nested, table, ways
from llm.dashboard.headline import Headline, headlines
from llm.dashboard.measures import MEASURES, Measure
from llm.dashboard.period import Period
from llm.dashboard.scope import Scope
from llm.dashboard.seen import Group, Seen, folded, joined
from llm.dashboard.timeline import Timeline, Trace, grouped, timeline
from llm.models import Call
from llm.usage import Figures, Summary, quantile, visible_to
from llm.usage.waits import Wait

LATEST = 20
MOST_LINES, MOST_IN_CARD = 40, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks the page for: a measure, a way to take it apart, and whether to compare."""

    measure: str = ""
    by: str = ""
    compare: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that the page shows of a period."""

    measure: Measure
    headlines: list[Headline]
    total: Seen
    timeline: Timeline
    table: Table
    cards: list[Table]
    latest: list[Call]


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there is nothing to show: `kind` is "never", "unmatched" or "quiet"."""

    kind: str
    without_filters: int = 0


def board(scope: Scope, period: Period, asked: Asked) -> Board | Absence:
    """Return the page's figures, or why there are none."""
    detail = scope.summary(period.now, period.step, "feature", "model")
    if not detail.total.answers:
        return _absence(scope, period)
    measure = MEASURES.get(asked.measure) or MEASURES["cost" if detail.total.known_cost else "tokens"]
    pairs = joined(detail.folded("feature", "model"), scope.waits(period.now, "feature", "model"))
    before = scope.summary(period.before, period.step)
    total, total_before = sum(pairs.values(), Seen()), _before(scope, period, before)
    way = next((way for way in ways(scope.viewer) if way.name == asked.by), WAYS["feature"])
    return Board(
        measure=measure,
        headlines=headlines(total, total_before),
        total=total,
        timeline=_timeline(scope, period, measure, way, detail, before if asked.compare else None),
        table=_table(scope, period, measure, way, pairs),
        cards=_cards(scope, period, measure, way, pairs),
        latest=list(scope.newest(period.now, LATEST)[:LATEST]),
    )


def _absence(scope: Scope, period: Period) -> Absence:
    if scope.filters:
        everything = scope.unfiltered().summary(period.now).total.answers
        if everything:
            return Absence("unmatched", everything)
    return Absence("quiet" if visible_to(scope.viewer).exists() else "never")


def _before(scope: Scope, period: Period, before: Summary) -> Seen:
    if not before.total.answers:
        return Seen()
    return joined({(): before.total}, scope.waits(period.before))[()]


def _timeline(
    scope: Scope, period: Period, measure: Measure, way: Way, detail: Summary, before: Summary | None
) -> Timeline:
    if measure.name == "time":
        traces = _quantiles(scope, period)
        return timeline(period, traces, kind="lines", show=measure.show, before=None)
    if measure.name == "tokens":
        traces = _kinds(detail, period, measure)
    else:
        name = way.name if way.name == "model" else "feature"
        cells = detail.folded(period.step, name)
        traces = grouped(
            {key: measure.of(Seen(figures=one)) for key, one in cells.items()}, measure.show, name
        )
    sums = None
    if before and before.total.answers:
        rows = before.folded(period.step)
        sums = {key: measure.of(Seen(figures=one)) for (key,), one in rows.items()}
    return timeline(period, traces, kind="bars", show=measure.show, before=sums)


def _kinds(detail: Summary, period: Period, measure: Measure) -> list[Trace]:
    """Tokens by what they were: read and said, from the provider's cache and for thinking."""
    kinds: dict[str, Callable[[Figures], int]] = {
        "input": lambda one: one.input_tokens - one.cached_tokens,
        "cached input": lambda one: one.cached_tokens,
        "output": lambda one: one.output_tokens - one.reasoning_tokens,
        "reasoning": lambda one: one.reasoning_tokens,
    }
    moments = detail.folded(period.step)
    return [
        Trace(
            name=name,
            values={key: Decimal(max(of(one), 0)) for (key,), one in moments.items()},
            total=measure.show(Decimal(max(of(detail.total), 0))),
        )
        for name, of in kinds.items()
    ]


def _quantiles(scope: Scope, period: Period) -> list[Trace]:
    """How long half of the people, and all but one in twenty, waited."""
    found = []
    waits: tuple[tuple[Wait, str], ...] = (("total", "answer"), ("first_token", "first token"))
    histograms = scope.waits(period.now, period.step)
    for wait, words in waits:
        for percent in (95, 50):
            values = {key: quantile(histogram, percent) for (key,), histogram in histograms[wait].items()}
            known = {key: Decimal(value) for key, value in values.items() if value is not None}
            found.append(Trace(name=f"{words}, p{percent}", values=known))
    return found


def _table(scope: Scope, period: Period, measure: Measure, way: Way, pairs: Mapping[Group, Seen]) -> Table:
    if way.name == "feature":
        return nested(pairs, folded(pairs, 0), measure, MOST_LINES)
    return table(way, _taken_apart(scope, period, way, pairs, waits=True), measure, most=MOST_LINES)


def _cards(
    scope: Scope, period: Period, measure: Measure, way: Way, pairs: Mapping[Group, Seen]
) -> list[Table]:
    """Two other ways at a glance; how long people waited is not known of each."""
    measure = MEASURES["calls"] if measure.name == "time" else measure
    others = [one for one in ways(scope.viewer) if one.name in ("model", "user", "key") and one != way][:2]
    return [
        table(one, _taken_apart(scope, period, one, pairs, waits=False), measure, most=MOST_IN_CARD)
        for one in others
    ]


def _taken_apart(
    scope: Scope, period: Period, way: Way, pairs: Mapping[Group, Seen], *, waits: bool
) -> dict[Group, Seen]:
    if way.name == "model":
        return folded(pairs, 1)
    if way.name == "prompt_version" and waits:
        return scope.seen(period.now, way.name)
    found = scope.summary(period.now, way.name).folded(*way.keys)
    return {group: Seen(figures=one) for group, one in found.items()}
