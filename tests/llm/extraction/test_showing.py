"""What is shown of an answer as it grows: nothing is taken back, on any prefix of any document."""

import asyncio
import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llm.extraction.compiler import plan
from llm.extraction.contracts import RawContract, contract_of
from llm.extraction.prefix import Prefix, grows
from llm.extraction.showing import Showing
from llm.types import Delta, Tab
from tests.llm.extraction.forth import forth

OPENAI = "openai:gpt-5.6-luna"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
ROOTS = st.lists(VALUES, max_size=4) | st.dictionaries(TEXT, VALUES, max_size=4)

SHAPED = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "scores": {"type": "object", "additionalProperties": {"type": "number"}},
        "at": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "minItems": 2},
        "people": {"type": "array", "items": {"$ref": "#/$defs/person"}},
        "either": {
            "anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "string"}]
        },
    },
    "required": ["name", "scores"],
    "$defs": {
        "person": {"type": "object", "properties": {"n": {"type": "string"}, "age": {"type": "integer"}}}
    },
}
NAMES, NUMBERS = st.text("ab", min_size=1, max_size=2), st.integers(-99, 99)
SHAPED_VALUES = st.fixed_dictionaries(
    {"name": TEXT, "scores": st.dictionaries(NAMES, NUMBERS | st.just(1.25), max_size=3)},
    optional={
        "at": st.tuples(NUMBERS, TEXT).map(list),
        "people": st.lists(st.fixed_dictionaries({}, optional={"n": TEXT, "age": NUMBERS}), max_size=3),
        "either": TEXT | st.dictionaries(NAMES, TEXT, max_size=2),
    },
)


def written(value: Any, *, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


@settings(deadline=None)
@given(ROOTS, st.booleans(), st.sampled_from(["", "```json\n", " \n"]))
def test_every_prefix_shows_a_part_of_the_whole_and_never_less_than_before(
    value: Any, ascii_only: bool, before: str
) -> None:
    prefix = Prefix()
    last: Any = None
    for char in before + written(value, ascii_only=ascii_only):
        prefix.feed(char)
        found = prefix.value()
        if found is None:
            assert last is None
            continue
        assert last is None or grows(last, found.value), (last, found.value)
        assert grows(found.value, value), (found.value, value)
        last = found.value
    assert last == value


@settings(deadline=None)
@given(ROOTS)
def test_the_size_of_the_pieces_makes_no_difference(value: Any) -> None:
    text = written(value, ascii_only=True)
    whole, halves = Prefix(), Prefix()
    whole.feed(text)
    halves.feed(text[: len(text) // 2])
    halves.value()
    halves.feed(text[len(text) // 2 :])
    assert whole.value() == halves.value()


def test_an_unfinished_number_or_word_is_held_back() -> None:
    shown = []
    prefix = Prefix()
    for piece in ['{"a": 1', "2", ".5", ', "b": tr', "ue", ', "c": "x', "y", '"}']:
        prefix.feed(piece)
        found = prefix.value()
        shown.append(found.value if found else None)
    assert shown == [
        {},
        {},
        {},
        {"a": 12.5},
        {"a": 12.5},
        {"a": 12.5, "b": True, "c": "x"},
        {"a": 12.5, "b": True, "c": "xy"},
        {"a": 12.5, "b": True, "c": "xy"},
    ]


def test_prose_shows_nothing_before_the_json_and_nothing_after_it() -> None:
    prefix = Prefix()
    prefix.feed('As you asked: {"a": 1}')
    assert prefix.value() is None
    after = Prefix()
    after.feed('{"a": "x"} or rather {"a": "y"}')
    found = after.value()
    assert found is not None
    assert found.value == {"a": "x"}


def shown_of(contract: Any, text: str, model: str = OPENAI, size: int = 1) -> tuple[list[Any], list[Any]]:
    """Return the partial values and the items that come of a text, piece by piece."""
    partials: list[Any] = []
    items: list[Any] = []

    async def partial(value: Any) -> None:
        partials.append(json.loads(json.dumps(value)))

    async def item(value: Any) -> None:
        items.append(value)

    async def play() -> None:
        tab = Tab()
        tab.model = model
        is_list = contract.json_schema.get("type") == "array"
        emit = Showing(contract, partial, item if is_list else None).begin(tab)
        for at in range(0, len(text), size):
            await emit(Delta(text=text[at : at + size]))

    asyncio.run(play())
    return partials, items


@settings(deadline=None, max_examples=60)
@given(SHAPED_VALUES)
def test_rewritten_shapes_grow_in_the_caller_s_own_shape(value: dict[str, Any]) -> None:
    contract = RawContract.of(SHAPED)
    way = plan(contract.json_schema, OPENAI)
    assert way.mode == "native"
    wrote = forth(way, value)
    partials, _ = shown_of(contract, written(wrote, ascii_only=False))
    for before, after in pairwise(partials):
        assert grows(before, after)
    assert partials
    assert partials[-1] == value


@settings(deadline=None, max_examples=60)
@given(st.lists(st.fixed_dictionaries({"n": TEXT, "k": NUMBERS}), max_size=4), st.integers(1, 9))
def test_items_of_a_list_come_as_each_is_whole(value: list[dict[str, Any]], size: int) -> None:
    one = {"type": "object", "properties": {"n": {"type": "string"}, "k": {"type": "integer"}}}
    contract = RawContract.of({"type": "array", "items": {**one, "required": ["n", "k"]}})
    way = plan(contract.json_schema, OPENAI)
    _, items = shown_of(contract, written(forth(way, value), ascii_only=False), size=size)
    assert items == value


def test_an_item_that_is_not_valid_ends_the_items() -> None:
    contract = contract_of(list[int])
    _, items = shown_of(contract, '{"value": [1, 2, "x", 4]}')
    assert items == [1, 2]


def test_a_later_attempt_takes_nothing_back() -> None:
    contract = RawContract.of({"type": "object", "properties": {"a": {"type": "string"}}})
    shown: list[Any] = []

    async def partial(value: Any) -> None:
        shown.append(value)

    async def play() -> None:
        tab = Tab()
        tab.model = OPENAI
        showing = Showing(contract, partial, None)
        await showing.begin(tab)(Delta(text='{"a": "one"'))
        await showing.begin(tab)(Delta(text='{"a": "two"'))
        await showing.begin(tab)(Delta(text='{"a": "one more"}'))

    asyncio.run(play())
    assert shown == [{"a": "one"}, {"a": "one more"}]


def test_a_long_answer_is_not_parsed_anew_for_each_piece() -> None:
    contract = RawContract.of({"type": "object", "properties": {"a": {"type": "string"}}})
    partials, _ = shown_of(contract, '{"a": "' + "x" * 50_000 + '"}', size=5)
    assert len(partials) < 600
    assert len(partials[-1]["a"]) == 50_000
