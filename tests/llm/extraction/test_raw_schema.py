"""Schemas that callers send: the caps hold, nothing is fetched, and checking ends in bounded time."""

import time
from typing import Any

import pytest

from llm.extraction.raw_schema import SchemaRefused, faults, validator_of

TREE = {
    "$defs": {"tree": {"properties": {"of": {"items": {"$ref": "#/$defs/tree"}}}, "required": ["n"]}},
    "$ref": "#/$defs/tree",
}


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "place", "word"),
    [
        ({"type": "strnig"}, "/type", "is not one of"),
        ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum", "not of type"),
        ({"$ref": "https://example.com/a.json"}, "/$ref", "same schema"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "/properties/a/$ref", "same schema"),
        ({"anyOf": [{"$ref": "#/$defs/a"}]}, "/anyOf/0/$ref", "nowhere"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "", "without end"),
        ({"pattern": "("}, "/pattern", "bounded time"),
        ({"patternProperties": {"a": {}, "[": {}}}, "/patternProperties/[", "bounded time"),
        ({"properties": {"a/b": {"type": 3}}}, "/properties/a~1b/type", "not one of"),
        (deep(120), "", "deeper"),
        ({"enum": list(range(50_001))}, "", "parts"),
        ({"description": "x" * 600_000}, "", "larger"),
    ],
)
def test_refuses_a_schema_and_says_where(schema: dict[str, Any], place: str, word: str) -> None:
    with pytest.raises(SchemaRefused) as caught:
        validator_of(schema)
    assert caught.value.errors[0]["pointer"] == place
    assert word in caught.value.errors[0]["message"]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, 3, "3"),
        ({"type": "integer"}, 3.0, True),
        ({"pattern": "^a+$"}, "aa", "ab"),
        ({"patternProperties": {"^n": {"type": "integer"}}}, {"n": 1}, {"n": "1"}),
        ({"patternProperties": {"^n": {}}, "additionalProperties": False}, {"n": 1}, {"m": 1}),
        ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, {"a": 1}, {"b": 1}),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, {"a": 1}, {"b": 1}),
        ({"properties": {"$ref": {"const": "x.json"}}}, {"$ref": "x.json"}, {"$ref": "y"}),
        ({"enum": [{"$ref": "x.json"}]}, {"$ref": "x.json"}, {}),
        (TREE, {"n": 1, "of": [{"n": 2}]}, {"n": 1, "of": [{}]}),
    ],
)
def test_checks_as_the_standard_says(schema: dict[str, Any], good: Any, bad: Any) -> None:
    validator = validator_of(schema)
    assert faults(validator, good) == ()
    assert faults(validator, bad)


def test_a_pattern_cannot_hold_up_the_process() -> None:
    validator = validator_of({"pattern": "^(a+)+$"})
    begun = time.monotonic()
    assert faults(validator, "a" * 50_000 + "b")
    assert time.monotonic() - begun < 2


def test_an_answer_that_is_nested_without_end_is_a_fault() -> None:
    validator = validator_of({"items": {"$ref": "#"}})
    answer: list[Any] = []
    for _ in range(5000):
        answer = [answer]
    assert faults(validator, answer)[0]["message"] == "It cannot be checked in bounded time."


def test_a_fault_echoes_little_of_the_answer() -> None:
    found = faults(validator_of({"type": "integer"}), "x" * 10_000)
    assert len(found[0]["message"]) < 400
