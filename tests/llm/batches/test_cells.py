"""Data in cells, none of which a spreadsheet runs."""

from typing import Any

import pytest

from llm.batches.cells import cell, flat


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "  =1", "＝1"])  # noqa: RUF001
def test_a_formula_is_only_shown(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell([text, "b"]).startswith("'")


@pytest.mark.parametrize("text", ["-5", "+3.5", "-1,5", "a=b", "5-3", ""])
def test_numbers_and_texts_stay(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "true"),
        (-3, "-3"),
        (0.92, "0.92"),
        (["a", "b"], "a; b"),
        ([], ""),
        ([1, 2], "[1, 2]"),
        ([{"a": "ü"}], '[{"a": "ü"}]'),
        ({}, "{}"),
    ],
)
def test_values_as_cells(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_objects_become_dotted_columns() -> None:
    data = {"name": "A", "home": {"city": "Oslo", "geo": {"lat": 1}}, "tags": ["x"], "none": {}}
    assert dict(flat(data)) == {
        "name": "A",
        "home.city": "Oslo",
        "home.geo.lat": 1,
        "tags": ["x"],
        "none": {},
    }
    assert dict(flat(["a"])) == {"data": ["a"]}
    assert dict(flat({})) == {}
