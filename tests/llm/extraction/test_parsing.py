"""JSON out of a model's text: strict, the last value wins, and every text ends in bounded time."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.extraction.parsing import NotJSON, loads, parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab{}[]\"\\'", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text("ab{}[]\"\\'", min_size=1, max_size=3), VALUES, min_size=1, max_size=3)


@given(VALUES)
def test_reads_what_json_writes(value: object) -> None:
    assert parse(f"\n{json.dumps(value)} ").value == value


@given(OBJECTS, st.sampled_from(["Sure, here: ", 'It\'s "this":\n```json\n', "{placeholder} then "]))
def test_finds_an_object_behind_prose(value: dict[str, object], prose: str) -> None:
    found = parse(f"{prose}{json.dumps(value)}\n```", root="object")
    assert found.value == value
    assert found.repairs


@given(OBJECTS, st.integers(1, 400))
def test_no_prefix_of_an_object_is_taken_for_one(value: dict[str, object], cut: int) -> None:
    whole = json.dumps(value)
    with pytest.raises(NotJSON):
        parse(whole[: -min(cut, len(whole))])


def test_the_last_of_two_values_wins() -> None:
    assert parse('{"a": 1} no, rather {"a": 2}').value == {"a": 2}


def test_a_last_value_that_is_broken_is_not_replaced_by_an_earlier_one() -> None:
    with pytest.raises(NotJSON):
        parse('{"a": 1} no, rather {"a": 2,}')


def test_a_part_of_a_broken_value_is_never_taken() -> None:
    with pytest.raises(NotJSON):
        parse('{"outer": {"a": 1}, oops}')


def test_a_footnote_is_not_taken_for_the_object() -> None:
    assert parse('{"a": 1} as said in [1]', root="object").value == {"a": 1}


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', "NaN", "-Infinity", "1e999", "9" * 5000, r'"\ud800"', '"a', "01", "[1,]", "'a'", ""],
)
def test_refuses_what_is_not_json(text: str) -> None:
    with pytest.raises(NotJSON):
        loads(text)


def test_refuses_bytes_that_are_not_utf_8() -> None:
    with pytest.raises(NotJSON):
        loads(b'"\xff"')


@pytest.mark.parametrize(
    "text", ["[" * 10**6, '{"\\"' * 250_000, '"' * 10**6, "[]" * 500_000, "{" + '"\\' * 500_000]
)
def test_a_million_characters_take_no_minute(text: str) -> None:
    begun = time.monotonic()
    with contextlib.suppress(NotJSON):
        parse(text)
    assert time.monotonic() - begun < 5
