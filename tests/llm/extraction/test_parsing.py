"""JSON out of a model's text: strict, the last value wins, and every text ends in bounded time."""

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.extraction.parsing import NotJSON, loads, parse
from llm.extraction.repairing import (
    COMMENT,
    CONTROL,
    KEY,
    SINGLE,
    TRAILING,
    WORD,
    Irreparable,
    repaired,
)

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


@settings(deadline=None)  # a busy machine is not a slow parser
@given(VALUES)
def test_reads_what_json_writes(value: object) -> None:
    assert parse(f"\n{json.dumps(value)} ").value == value


@settings(deadline=None)  # a busy machine is not a slow parser
@given(OBJECTS, st.sampled_from(["Sure, here: ", 'It\'s "this":\n```json\n', "{placeholder} then "]))
def test_finds_an_object_behind_prose(value: dict[str, object], prose: str) -> None:
    found = parse(f"{prose}{json.dumps(value)}\n```", root="object")
    assert found.value == value
    assert found.repairs


@settings(deadline=None)  # a busy machine is not a slow parser
@given(OBJECTS, st.integers(1, 400))
def test_no_prefix_of_an_object_is_taken_for_one(value: dict[str, object], cut: int) -> None:
    whole = json.dumps(value)
    with pytest.raises(NotJSON):
        parse(whole[: -min(cut, len(whole))])


def test_the_last_of_two_values_wins() -> None:
    assert parse('{"a": 1} no, rather {"a": 2}').value == {"a": 2}


def test_a_last_value_that_is_broken_is_not_replaced_by_an_earlier_one() -> None:
    with pytest.raises(NotJSON):
        parse('{"a": 1} no, rather {"a": 2 3}')


def test_a_part_of_a_broken_value_is_never_taken() -> None:
    with pytest.raises(NotJSON):
        parse('{"outer": {"a": 1}, oops}')


SLIPS = {
    "{'a': 'it\\'s \"b\"'}": ({"a": 'it\'s "b"'}, SINGLE),
    '{"a": [1, 2,],}': ({"a": [1, 2]}, TRAILING),
    '{"a": "line\nbreak"}': ({"a": "line\nbreak"}, CONTROL),
    '{"a": True, "b": None}': ({"a": True, "b": None}, WORD),
    '{a: 1, b_c: {d: "x"}}': ({"a": 1, "b_c": {"d": "x"}}, KEY),
    '{"a": 1 /* one */, // first\n "b": "// no /* comment */"}': (
        {"a": 1, "b": "// no /* comment */"},
        COMMENT,
    ),
}


@pytest.mark.parametrize(("text", "value", "edit"), [(t, *rest) for t, rest in SLIPS.items()])
def test_a_slip_with_one_meaning_is_mended_and_told(text: str, value: object, edit: str) -> None:
    found = parse(text)
    assert (found.value, found.repairs) == (value, (edit,))
    assert loads(found.source) == value
    if edit != KEY:  # {word: ...} in prose is seldom JSON
        behind = parse(f"Here it is:\n{text}\nDone.")
        assert (behind.value, len(behind.repairs)) == (value, 2)


@pytest.mark.parametrize("text", SLIPS)
def test_what_breaks_off_is_never_mended(text: str) -> None:
    for end in range(1, len(text)):
        with pytest.raises(NotJSON):
            parse(text[:end])


@pytest.mark.parametrize(
    "text",
    ["{'a': 'it's'}", '{"a": 1 "b": 2}', '{"a": }', "{'a': 1, 'a': 2}", '{"a": [1, 2, ...]}', "{,}", ",}"],
)
def test_what_has_no_one_meaning_is_not_guessed(text: str) -> None:
    with pytest.raises(NotJSON):
        parse(text)


@settings(deadline=None)
@given(st.text("{}[]\"',:\\/*\n aTN1", max_size=60))
def test_mending_keeps_every_scalar_and_gives_json(text: str) -> None:
    try:
        source, _ = repaired(text)
    except Irreparable:
        return
    marks = "{}[]"
    assert [c for c in source if c in marks].count("{") <= text.count("{")
    assert len(source) <= 7 * len(text) + 2


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
