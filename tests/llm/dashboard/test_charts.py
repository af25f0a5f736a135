"""Bars as numbers: they stand on each other, stay inside, and keep their proportions."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from llm.dashboard.charts import GAP, HEIGHT, LEAST, LINES, Chart, Stack, line_step, stacked


def chart(*columns: tuple[int | str, ...], whole: bool = False) -> Chart:
    stacks = [Stack(values=[Decimal(value) for value in column], title="") for column in columns]
    return stacked(stacks, tick=lambda value: f"{value:f}", whole=whole)


def test_the_axis_starts_at_zero_and_reaches_over_the_highest_bar() -> None:
    assert chart((12, ".12")).ticks == ("16", "12", "8", "4", "0")


def test_lines_at_whole_numbers_where_halves_make_no_sense() -> None:
    assert chart((5,), whole=True).ticks == ("8", "6", "4", "2", "0")


def test_small_amounts_have_small_steps() -> None:
    assert line_step(Decimal("0.00031")) == Decimal("0.00008")


def test_parts_stand_on_each_other() -> None:
    (column,) = chart((6, 3)).columns
    low, high = column.parts
    assert float(low.y) + float(low.height) == HEIGHT - GAP
    assert abs(float(high.y) + float(high.height) + GAP - float(low.y)) < 0.02


def test_heights_keep_their_proportion() -> None:
    first, second = chart((8,), (4,)).columns
    tall, short = (float(column.parts[0].height) + GAP for column in (first, second))
    assert abs(tall - 2 * short) < 0.02


def test_a_column_a_unit_and_its_bar_in_the_middle() -> None:
    drawn = chart((1,), (1,))
    assert drawn.width == 2
    assert [(column.x, column.parts[0].x, column.parts[0].width) for column in drawn.columns] == [
        (0, "0.14", "0.72"),
        (1, "1.14", "0.72"),
    ]


def test_nothing_has_no_bar_but_keeps_its_series() -> None:
    (column,) = chart((0, 2)).columns
    assert [part.series for part in column.parts] == [2]


def test_what_is_tiny_can_be_seen() -> None:
    _, column = chart((1_000_000,), (1,)).columns
    assert float(column.parts[0].height) == LEAST


def test_all_zero_draws_an_axis_and_no_bar() -> None:
    drawn = chart((0,), (0,))
    assert drawn.ticks[0] == "4"
    assert not any(column.parts for column in drawn.columns)


amounts = st.decimals(0, 10**9, places=6)


@given(st.lists(st.lists(amounts, min_size=1, max_size=4), min_size=1, max_size=31))
def test_bars_stay_inside(values: list[list[Decimal]]) -> None:
    drawn = stacked([Stack(values=column, title="") for column in values], tick=str)
    for column in drawn.columns:
        for part in column.parts:
            assert column.x < float(part.x)
            assert float(part.x) + float(part.width) < column.x + 1
            assert float(part.height) > 0
            assert -4 * (LEAST + GAP) <= float(part.y) < HEIGHT  # only parts made visible can push others up


@given(st.decimals("0.000000001", 10**9, places=9), st.booleans())
def test_steps_are_the_least_that_reach(highest: Decimal, whole: bool) -> None:
    step = line_step(highest, whole=whole)
    assert step * LINES >= highest
    assert step * LINES <= max(highest * 2, Decimal(LINES)) or step <= 2
