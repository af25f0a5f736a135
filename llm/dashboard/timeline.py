"""A period hour by hour or day by day: the numbers of a chart, which are also the table behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from llm.amounts import NOTHING
from llm.dashboard.period import LENGTHS, Period, bucket, day

COLOURS = 4  # three steps of the accent and the neutral

type Kind = Literal["bars", "lines"]
type Show = Callable[[Decimal], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one series is, by the keys of a period; `link` are filters that leave only it."""

    name: str
    values: Mapping[str, Decimal]
    total: str = ""
    link: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A number for the chart ("" for none), and the same for people."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An hour or a day, `index` columns from the left; `bucket` is how an address names it."""

    index: int
    bucket: str
    label: str
    short: str
    cells: tuple[Cell, ...]
    whole: Cell | None
    before: Cell | None
    so_far: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Rows from the newest back; bars are stacked, lines are not."""

    kind: Kind
    columns: int
    traces: Sequence[Trace]
    rows: list[Row]
    words: str
    before: str


def timeline(
    period: Period, traces: Sequence[Trace], *, kind: Kind, show: Show, before: Mapping[str, Decimal] | None
) -> Timeline:
    """Lay traces over the columns of a period, beside the sums of the time before if there are any."""
    moments = list(zip(period.starts, period.keys, period.keys_before, strict=True))
    wholes = [
        sum((trace.values.get(key, Decimal(0)) for trace in traces), Decimal(0)) for _, key, _ in moments
    ]
    past = [
        Row(
            index=index,
            bucket=bucket(start, period.step),
            label=_label(period, start),
            short=_short(period, start),
            cells=tuple(_cell(trace.values.get(key), kind, show) for trace in traces),
            whole=_cell(wholes[index], kind, show) if kind == "bars" else None,
            before=None if before is None else _cell(before.get(key_before), "bars", show),
            so_far=start + LENGTHS[period.step] > period.until,
        )
        for index, (start, key, key_before) in enumerate(moments)
        if start < period.until
    ]
    return Timeline(
        kind=kind,
        columns=len(moments),
        traces=traces,
        rows=past[::-1],
        words=_highest(period, wholes, show) if kind == "bars" else "",
        before=show(sum(before.values(), Decimal(0))) if before is not None else "",
    )


def grouped(values: Mapping[tuple[str, str], Decimal], show: Show, filter_name: str) -> list[Trace]:
    """Return a trace a name of (moment, name), the largest first; what does not fit is one of others."""
    totals: dict[str, Decimal] = {}
    for (_, name), value in values.items():
        totals[name] = totals.get(name, Decimal(0)) + value
    names = sorted(totals, key=lambda name: (-totals[name], name))
    named = names if len(names) <= COLOURS else names[: COLOURS - 1]
    rest = names[len(named) :]
    found = [
        Trace(
            name=name.partition(":")[2] or name,
            values={moment: value for (moment, of), value in values.items() if of == name},
            total=show(totals[name]),
            link={filter_name: name} if name else {},
        )
        for name in named
    ]
    if rest:
        others: dict[str, Decimal] = {}
        for (moment, name), value in values.items():
            if name in rest:
                others[moment] = others.get(moment, Decimal(0)) + value
        total = show(sum(others.values(), Decimal(0)))
        found.append(Trace(name=f"{len(rest)} others", values=others, total=total))
    return found


def _cell(value: Decimal | None, kind: Kind, show: Show) -> Cell:
    if value is None:
        return Cell("0", show(Decimal(0))) if kind == "bars" else Cell("", NOTHING)
    return Cell(f"{value:f}", show(value))


def _highest(period: Period, wholes: Sequence[Decimal], show: Show) -> str:
    highest, start = max(zip(wholes, period.starts, strict=True))
    if not highest:
        return "All are zero."
    return f"The highest {period.step} is {_label(period, start)} with {show(highest)}."


def _label(period: Period, start: datetime) -> str:
    return f"{day(start)}, {start:%H:%M}" if period.step == "hour" else day(start)


def _short(period: Period, start: datetime) -> str:
    if period.step == "hour" and start.hour:
        return f"{start:%H:%M}"
    return f"{start.day} {start:%b}"
