"""Stacked bars as numbers for SVG attributes. Pure: figures in, rectangles out, no style, no script.

The drawing is 100 units high and one unit a column wide; the page stretches it, so words stay outside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

HEIGHT = 100.0
WIDTH = 0.72  # of a column; the rest parts it from its neighbours
GAP = 0.45  # between two parts of a bar, about a pixel
LEAST = 0.6  # a part that is not nothing can be seen
LINES = 4
STEPS = tuple(Decimal(step) for step in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What one column shows: a value a series, the words over it and the label under it ("" for none)."""

    values: Sequence[Decimal]
    title: str
    label: str = ""
    minor: bool = False
    so_far: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle; `series` counts from 1, as the colours do."""

    series: int
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Column:
    """A bar; `minor` labels give way on a narrow page, `so_far` marks a bar that still grows."""

    x: int
    stack: Stack
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` by 100 units; `ticks` from the top down."""

    columns: tuple[Column, ...]
    ticks: tuple[str, ...]
    grid: str

    @property
    def width(self) -> int:
        return len(self.columns)


def stacked(stacks: Sequence[Stack], *, tick: Callable[[Decimal], str], whole: bool = False) -> Chart:
    """Draw stacks on one scale; with `whole` the lines are at whole numbers."""
    step = line_step(max((sum(s.values, Decimal(0)) for s in stacks), default=Decimal(0)), whole=whole)
    top = step * LINES
    lines = " ".join(f"M0 {HEIGHT * line / LINES:g}H{len(stacks)}" for line in range(LINES + 1))
    return Chart(
        columns=tuple(Column(x, stack, _parts(x, stack, top)) for x, stack in enumerate(stacks)),
        ticks=tuple(tick(step * line) for line in range(LINES, -1, -1)),
        grid=lines,
    )


def line_step(highest: Decimal, *, whole: bool = False) -> Decimal:
    """Return the least round distance at which LINES lines reach the highest bar."""
    if highest <= 0:
        return Decimal(1)
    least = highest / LINES
    unit = Decimal(1).scaleb(least.adjusted())
    step = next(step * unit for step in STEPS if step * unit >= least)
    return max(step.to_integral_value(ROUND_CEILING), Decimal(1)) if whole else step


def _parts(x: int, stack: Stack, top: Decimal) -> tuple[Part, ...]:
    parts: list[Part] = []
    floor = HEIGHT
    for series, value in enumerate(stack.values, start=1):
        if value <= 0:
            continue
        share = float(value / top) * HEIGHT
        height = max(share - GAP, LEAST)
        parts.append(
            Part(
                series,
                x=_number(x + (1 - WIDTH) / 2),
                y=_number(floor - GAP - height),
                width=_number(WIDTH),
                height=_number(height),
            )
        )
        floor -= max(share, LEAST + GAP)
    return tuple(parts)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
