"""What providers are told: it narrows, and they take it."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from llm.extraction.schemas import Contact, Sentiment
from llm.extraction.wire_schema import wire_schema

OPENAI, ANTHROPIC, LOCAL = ("openai:gpt-5.6-luna",), ("anthropic:claude-haiku-5-5",), ("local:smollm2",)


def wired(schema: dict[str, Any], models: tuple[str, ...]) -> dict[str, Any]:
    sent = wire_schema(schema, models)
    assert sent is not None
    return sent


def test_objects_are_closed_and_what_may_be_null_is_asked_for() -> None:
    sent = wired(Contact.model_json_schema(), OPENAI)
    assert sent["required"] == ["name", "email", "phone", "company", "addresses"]
    assert sent["additionalProperties"] is False
    assert "default" not in sent["properties"]["email"]


def test_an_optional_property_that_cannot_be_null_stays_optional() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert wired(schema, LOCAL)["required"] == []
    assert wire_schema(schema, OPENAI) is None, "strict mode would have the model invent it"


def test_a_small_model_gets_bounds_and_no_patterns() -> None:
    sent = wired(Contact.model_json_schema(), LOCAL)
    assert sent["properties"]["addresses"]["maxItems"] == 5
    assert sent["properties"]["email"]["anyOf"][0] == {"type": "string", "maxLength": 200}


def test_a_bound_of_the_schema_that_asks_for_more_is_kept() -> None:
    schema = {"type": "array", "minItems": 9, "items": {"type": "string", "minLength": 300}}
    assert wired(schema, LOCAL)["maxItems"] == 9
    assert wired(schema, LOCAL)["items"]["maxLength"] == 300


def test_anthropic_gets_no_bounds() -> None:
    sent = wired(Sentiment.model_json_schema(), ANTHROPIC)
    assert sent["properties"]["confidence"].keys() <= {"type", "description"}
    assert "minLength" not in sent["properties"]["reasoning"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"items": True, "type": "array"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
    ],
)
def test_what_strict_mode_refuses_is_not_sent(schema: dict[str, Any]) -> None:
    assert wire_schema(schema, OPENAI) is None
    assert wire_schema(schema, LOCAL) is not None


def test_a_reference_that_llama_refuses_is_not_sent() -> None:
    assert wire_schema({"properties": {"next": {"$ref": "#"}}}, LOCAL) is None
    assert wire_schema({"$defs": {"a": {"$anchor": "b"}}, "$ref": "#b"}, LOCAL) is None


def test_parts_that_belong_together_are_not_closed_against_each_other() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"type": "string"}},
        "required": ["kind"],
        "anyOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}],
    }
    assert Draft202012Validator(wired(schema, LOCAL)).is_valid({"kind": "x", "a": 1})


def test_booleans_become_objects_for_llama() -> None:
    schema = {"type": "object", "properties": {"a": True, "b": False}}
    assert wired(schema, LOCAL)["properties"] == {"a": {}, "b": {}}
