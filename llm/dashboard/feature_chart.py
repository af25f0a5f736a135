"""The chart of a period: a bar an hour or day, stacked by feature, its legend and the table behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llm.dashboard.charts import Chart, Stack, stacked
from llm.dashboard.period import Period, day
from llm.usage import Figures, Summary

COLOURS = 4  # three steps of the accent and the neutral


@dataclass(frozen=True, slots=True)
class Legend:
    """A series' colour (from 1), name and sum in words; `feature` is "" for the others."""

    series: int
    name: str
    value: str
    feature: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """The same figures as words: a moment, a cell a series, and their sum."""

    label: str
    cells: tuple[str, ...]
    total: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart and everything that is said about it."""

    chart: Chart
    legend: list[Legend]
    rows: list[TableRow]
    words: str

    @property
    def series(self) -> list[str]:
        return [entry.name for entry in self.legend]


def draw(
    detail: Summary,
    period: Period,
    *,
    of: Callable[[Figures], Decimal],
    show: Callable[[Decimal], str],
    whole: bool,
) -> Drawing:
    """Draw rows by (hour or day, feature); newest rows come first in the table."""
    cells = {key: of(figures) for key, figures in detail.folded(period.step, "feature").items()}
    series = _series({key[0]: of(figures) for key, figures in detail.folded("feature").items()})
    values = [
        tuple(sum((cells.get((key, name), Decimal(0)) for name in names), Decimal(0)) for _, names in series)
        for key in period.keys
    ]
    names = [name for name, _ in series]
    past = [(start, row) for start, row in zip(period.starts, values, strict=True) if start <= period.until]
    sums = [sum(column, Decimal(0)) for column in zip(*values, strict=True)]
    return Drawing(
        chart=stacked(_stacks(period, values, names, show), tick=show, whole=whole),
        legend=[
            Legend(number, name, show(total), name if inner == (name,) else "")
            for number, ((name, inner), total) in enumerate(zip(series, sums, strict=True), start=1)
        ],
        rows=[
            TableRow(_moment(period, start), tuple(map(show, row)), show(sum(row, Decimal(0))))
            for start, row in reversed(past)
        ],
        words=_highest(period, values, show),
    )


def _series(totals: dict[str, Decimal]) -> list[tuple[str, tuple[str, ...]]]:
    """Name each series and the features in it; what does not fit is one series of others."""
    names = sorted(totals, key=lambda name: (-totals[name], name))
    if len(names) <= COLOURS:
        return [(name, (name,)) for name in names]
    named, rest = names[: COLOURS - 1], names[COLOURS - 1 :]
    return [*((name, (name,)) for name in named), (f"{len(rest)} others", tuple(rest))]


def _stacks(
    period: Period,
    values: Sequence[tuple[Decimal, ...]],
    names: Sequence[str],
    show: Callable[[Decimal], str],
) -> list[Stack]:
    now = max(index for index, start in enumerate(period.starts) if start <= period.until)
    labels = _labels(period, now)
    return [
        Stack(
            values=row,
            title=_title(_moment(period, start), row, names, show),
            label=labels.get(index, ""),
            minor=index in labels and list(labels).index(index) % 2 == 1,
            so_far=index == now,
        )
        for index, (start, row) in enumerate(zip(period.starts, values, strict=True))
    ]


def _labels(period: Period, now: int) -> dict[int, str]:
    """Label every few columns, and the running one where it is the last."""
    count = len(period.starts)
    every = {24: 4, 7: 1}.get(count, 7)
    labels = {index: _short(period, period.starts[index]) for index in range(0, count, every)}
    if now == count - 1:
        labels = {index: label for index, label in labels.items() if count - 1 - index > every // 2}
        labels[now] = "Now" if period.step == "hour" else "Today, so far" if count > 7 else "Today"
    return labels


def _title(label: str, row: Sequence[Decimal], names: Sequence[str], show: Callable[[Decimal], str]) -> str:
    parts = ", ".join(f"{name} {show(value)}" for name, value in zip(names, row, strict=True) if value)
    whole = show(sum(row, Decimal(0)))
    return f"{label}: {whole} ({parts})" if parts else f"{label}: nothing"


def _highest(period: Period, values: Sequence[tuple[Decimal, ...]], show: Callable[[Decimal], str]) -> str:
    highest, start = max(
        (sum(row, Decimal(0)), start) for row, start in zip(values, period.starts, strict=True)
    )
    if not highest:
        return "All are zero."
    return f"The highest {period.step} is {_moment(period, start)} with {show(highest)}."


def _moment(period: Period, start: datetime) -> str:
    return f"{day(start)}, {start:%H:%M}" if period.step == "hour" else day(start)


def _short(period: Period, start: datetime) -> str:
    return f"{start:%H:%M}" if period.step == "hour" else f"{start.day} {start:%b}"
