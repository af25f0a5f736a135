"""A schema becomes what a model enforces, and the model's answer becomes what the caller asked for."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from llm.extraction.compiler import Plan, plan
from llm.extraction.schemas import Contact, Sentiment

OPENAI, CLAUDE, LOCAL = "openai:gpt-5.6-luna", "anthropic:claude-haiku-5-5", "local:smollm2"
LOOSE_GPT = "openai:gpt-4"  # tools, no schemas


def obj(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": obj("name", name=TEXT, children={"type": "array", "items": {"$ref": "#/$defs/node"}})},
}

REWRITTEN = {  # schema, as the model writes it, as the caller reads it
    "an optional property is null when it is not there": (
        obj("a", a=TEXT, b=NUMBER),
        {"a": "x", "b": None},
        {"a": "x"},
    ),
    "a dict is a list of pairs": (
        obj("scores", scores={"type": "object", "additionalProperties": NUMBER}),
        {"scores": [{"key": "ann", "value": 3}, {"key": "bob", "value": 4}]},
        {"scores": {"ann": 3, "bob": 4}},
    ),
    "a dict at the root is wrapped": (
        {"type": "object", "additionalProperties": NUMBER},
        {"value": [{"key": "a", "value": 1}]},
        {"a": 1},
    ),
    "a dict of lists at the root is no list that stands under a key": (
        {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
        {"value": {"pairs": [{"key": "value", "value": []}]}},
        {"value": []},
    ),
    "further properties that are lists stand apart from one of that name": (
        {**obj("id", id=TEXT), "additionalProperties": {"type": "array", "items": TEXT}},
        {"id": "x", "more": {"pairs": [{"key": "more", "value": []}]}},
        {"id": "x", "more": []},
    ),
    "what wraps a union has no name of the caller's": (
        {"anyOf": [obj("value", value=TEXT), TEXT]},
        {"value_": {"value": "x"}},
        {"value": "x"},
    ),
    "named properties and others stand side by side": (
        {**obj("id", id=TEXT), "additionalProperties": NUMBER},
        {"id": "x", "more": [{"key": "a", "value": 1}]},
        {"id": "x", "a": 1},
    ),
    "a tuple is an object": (
        obj("at", at={"type": "array", "prefixItems": [NUMBER, TEXT], "items": False, "minItems": 2}),
        {"at": {"item_1": 1, "item_2": "x"}},
        {"at": [1, "x"]},
    ),
    "a tuple with a tail": (
        obj("row", row={"type": "array", "prefixItems": [TEXT], "items": NUMBER}),
        {"row": {"item_1": "x", "rest": [1, 2]}},
        {"row": ["x", 1, 2]},
    ),
    "a list at the root is wrapped": (
        {"type": "array", "items": obj("a", a=TEXT)},
        {"value": [{"a": "x"}]},
        [{"a": "x"}],
    ),
    "a union at the root is wrapped": (
        {"anyOf": [obj("a", a=TEXT), {"type": "null"}]},
        {"value": None},
        None,
    ),
    "the branch of a union decides": (
        {
            "type": "array",
            "items": {
                "oneOf": [
                    obj(
                        "kind", "m", kind={"const": "map"}, m={"type": "object", "additionalProperties": TEXT}
                    ),
                    obj("kind", kind={"const": "none"}, note=TEXT),
                ]
            },
        },
        {
            "value": [
                {"kind": "map", "m": [{"key": "a", "value": "b"}]},
                {"kind": "none", "note": None},
            ]
        },
        [{"kind": "map", "m": {"a": "b"}}, {"kind": "none"}],
    ),
    "parts are put together": (
        {"allOf": [obj("a", a=TEXT), {"properties": {"b": NUMBER}, "required": ["b"]}]},
        {"a": "x", "b": 1},
        {"a": "x", "b": 1},
    ),
    "what stands beside a reference is put into it": (
        {"$defs": {"p": obj("a", a=TEXT)}, **obj("x", x={"$ref": "#/$defs/p", "required": ["a"]})},
        {"x": {"a": "y"}},
        {"x": {"a": "y"}},
    ),
}


@pytest.mark.parametrize(("schema", "wrote", "reads"), REWRITTEN.values(), ids=REWRITTEN.keys())
def test_rewriting_loses_nothing(schema: dict[str, Any], wrote: Any, reads: Any) -> None:
    way = plan(schema, OPENAI)
    assert way.mode == "native", way.report.impossible
    assert Draft202012Validator(dict(way.sent)).is_valid(wrote), way.sent
    assert way.back(wrote) == reads
    assert Draft202012Validator(schema).is_valid(reads)


@pytest.mark.parametrize(("schema", "wrote", "reads"), REWRITTEN.values(), ids=REWRITTEN.keys())
def test_an_answer_in_the_caller_s_shape_stays(schema: dict[str, Any], wrote: Any, reads: Any) -> None:
    del wrote
    assert plan(schema, OPENAI).back(reads) == reads


def test_a_recursive_schema_is_sent_to_who_takes_it() -> None:
    wrote = {"value": {"name": "a", "children": [{"name": "b", "children": []}]}}
    ways = {model: plan(TREE, model) for model in (OPENAI, CLAUDE, LOCAL)}
    assert [way.mode for way in ways.values()] == ["native", "tool", "native"]
    assert ways[OPENAI].back(wrote) == wrote["value"]
    assert ways[CLAUDE].report.impossible[0][1].endswith("contains itself.")


def test_references_of_every_kind_are_settled() -> None:
    schema = obj("a", a=TEXT, self={"$ref": "#"}, named={"$ref": "#mark"}, part={"$ref": "#/properties/a"})
    schema["$defs"] = {"m": {"$anchor": "mark", **NUMBER}, "unused": TEXT}
    sent = plan(schema, LOCAL).sent
    assert sent["properties"]["self"] == {"$ref": "#/$defs/root"}
    assert sent["$defs"].keys() == {"root", "mark", "a"}
    assert sent["$defs"]["mark"] == NUMBER


def test_strict_objects_are_closed_and_ask_for_everything() -> None:
    sent = plan(Contact.model_json_schema(), OPENAI).sent
    assert sent["required"] == ["name", "email", "phone", "company", "addresses"]
    assert sent["additionalProperties"] is False
    assert "default" not in sent["properties"]["email"]


def test_what_claude_does_not_enforce_is_told_and_reported() -> None:
    way = plan(Sentiment.model_json_schema(), CLAUDE)
    confidence = way.sent["properties"]["confidence"]
    assert confidence.keys() == {"type", "description"}
    assert confidence["description"].endswith("(maximum 1, minimum 0)")
    assert "/properties/confidence/maximum" in way.report.checked
    assert "/properties/confidence/type" in way.report.enforced
    assert "/properties/confidence/maximum" in plan(Sentiment.model_json_schema(), OPENAI).report.enforced


OLD = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "row": {
            "type": "array",
            "items": [{"type": "string", "format": "uri"}, {"type": "string", "format": "date", "x": 1}],
            "additionalItems": {"type": "integer", "minimum": 3},
        },
        "said": {"type": "string", "format": "quote", "default": "", "$comment": "no constraint"},
    },
    "required": ["row", "said"],
    "additionalProperties": False,
    "dependentRequired": {"row": "a word that draft 7 does not know"},
}
URI, DATE, LEAST, QUOTE = (
    "/properties/row/items/0/format",
    "/properties/row/items/1/format",
    "/properties/row/additionalItems/minimum",
    "/properties/said/format",
)


@pytest.mark.parametrize(
    ("model", "enforced", "checked", "hinted"),
    [
        (OPENAI, {DATE, LEAST}, {QUOTE}, {URI}),
        (CLAUDE, {DATE}, {LEAST, QUOTE}, {URI}),
        (LOCAL, set(), {LEAST, QUOTE}, {URI, DATE}),
        (LOOSE_GPT, set(), {LEAST, QUOTE}, {URI, DATE}),
    ],
)
def test_each_constraint_is_reported_as_what_becomes_of_it(
    model: str, enforced: set[str], checked: set[str], hinted: set[str]
) -> None:
    report = plan(OLD, model).report
    looked_at = {URI, DATE, LEAST, QUOTE}
    assert set(report.enforced) & looked_at == enforced
    assert set(report.checked) & looked_at == checked
    assert set(report.hinted) == hinted
    words = {"type", "items", "properties", "required", "additionalItems", "additionalProperties"}
    others = {*report.enforced, *report.checked} - looked_at
    assert {found.rpartition("/")[2] for found in others} == words


def test_claude_may_leave_out_what_is_optional_up_to_its_limit() -> None:
    few = {"type": "object", "properties": {f"p{n}": TEXT for n in range(24)}}
    assert plan(few, CLAUDE).sent["required"] == []
    many = {"type": "object", "properties": {f"p{n}": TEXT for n in range(25)}}
    assert plan(many, CLAUDE).mode == "tool"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        obj("a", a={}),
        obj("a", a={"type": "array"}),
        {"type": "object", "patternProperties": {"^x": TEXT}},
        obj("missing", a=TEXT),
        {**obj(a=TEXT), "dependentSchemas": {"a": obj("b", b=TEXT)}},
        {"enum": [{"a": 1}]},
    ],
)
def test_what_strict_mode_cannot_say_goes_another_way(schema: dict[str, Any]) -> None:
    way = plan(schema, OPENAI)
    assert (way.mode, bool(way.report.impossible), way.report.enforced) == ("tool", True, ())
    assert plan(schema, LOCAL).mode == "native"


def test_the_mode_is_chosen_by_what_the_model_can_do() -> None:
    schema = obj("a", a=TEXT)
    assert plan(schema, LOOSE_GPT).mode == "tool"
    assert plan(schema, "openai:o1-mini").mode == "prompt"
    free_form = {"type": "object"}
    assert plan(free_form, "anthropic:claude-opus-5-5").mode == "prompt", "it answers 400 to a forced tool"


def test_a_tool_takes_an_object() -> None:
    way = plan({"type": "array", "items": TEXT}, LOOSE_GPT)
    assert way.sent["properties"] == {"value": {"type": "array", "items": TEXT}}
    assert way.back({"value": ["a"]}) == ["a"]


def test_a_small_model_gets_bounds_and_no_patterns() -> None:
    sent = plan(Contact.model_json_schema(), LOCAL).sent
    assert sent["properties"]["addresses"]["maxItems"] == 5
    assert sent["properties"]["email"]["anyOf"][0] == {"type": "string", "maxLength": 200}
    asks = {"type": "array", "minItems": 9, "items": {"type": "string", "minLength": 300}}
    assert (plan(asks, LOCAL).sent["maxItems"], plan(asks, LOCAL).sent["items"]["maxLength"]) == (9, 300)


def test_parts_that_belong_together_are_not_closed_against_each_other() -> None:
    schema = obj("kind", kind=TEXT)
    schema["anyOf"] = [{"properties": {"a": NUMBER}, "required": ["a"]}]
    assert Draft202012Validator(dict(plan(schema, LOCAL).sent)).is_valid({"kind": "x", "a": 1})


def test_a_schema_that_doubles_at_each_level_ends() -> None:
    homes: dict[str, Any] = {"d0": obj(a=TEXT)}
    for n in range(1, 40):
        twice = {"$ref": f"#/$defs/d{n - 1}", "minProperties": 0}
        homes[f"d{n}"] = obj(a=twice, b=twice)
    assert plan({"$ref": "#/$defs/d39", "$defs": homes}, OPENAI).mode == "tool"


def test_unions_inside_unions_end() -> None:
    node: dict[str, Any] = {"anyOf": [obj("n", n={"$ref": "#/$defs/u"}, x=TEXT) for _ in range(4)]}
    way: Plan = plan({**obj("n", n={"$ref": "#/$defs/u"}), "$defs": {"u": node}}, OPENAI)
    answer: Any = {"n": 1}
    for _ in range(40):
        answer = {"n": answer, "x": None}
    assert way.back({"n": answer}) is not None
