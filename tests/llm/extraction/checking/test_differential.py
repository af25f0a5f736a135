"""Our checker and the whole way through a model's shape, held to plain jsonschema by made-up schemas."""

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry

from llm.extraction.checking import TooMuchWork, Uncheckable, compiled
from llm.extraction.compiler import plan
from llm.extraction.contracts import RawContract
from llm.extraction.raw_schema import SchemaRefused
from llm.extraction.reading import read
from llm.types import Reply
from tests.llm.extraction.checking.made import VALUES, schemas
from tests.llm.extraction.forth import forth

MODELS = [
    "openai:gpt-5.6-luna",
    "anthropic:claude-haiku-5-5",
    "local:smollm2",
    "openai:gpt-4",
    "openai:o1-mini",
]
SOME = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def truth(schema: Any, value: Any) -> bool:
    """What plain jsonschema says; a schema on which it never ends is none of ours."""
    try:
        return bool(Draft202012Validator(schema, registry=Registry()).is_valid(value))
    except RecursionError:
        assume(False)
        raise


@SOME
@given(schemas(), st.lists(VALUES, min_size=1, max_size=6))
def test_agrees_with_jsonschema(schema: dict[str, Any], values: list[Any]) -> None:
    try:
        checker = compiled(schema)
    except Uncheckable:
        assume(False)
        return
    for value in values:
        try:
            valid = checker.is_valid(value)
        except TooMuchWork:
            continue
        assert valid == truth(schema, value), value
        assert bool(checker.faults(value)) != valid


@SOME
@given(schemas(), st.lists(VALUES, min_size=1, max_size=4), st.sampled_from(MODELS))
def test_no_valid_answer_is_refused_or_changed_and_no_invalid_one_let_out(
    schema: dict[str, Any], values: list[Any], model: str
) -> None:
    try:
        contract = RawContract.of(schema)
    except SchemaRefused:
        return
    way = plan(contract.json_schema, model)
    json.dumps(way.sent)
    for value in values:
        valid = truth(schema, value)
        done = read(contract, Reply(text=json.dumps(value), model=model, finish="stop")).checked
        if valid and not way.is_answered_by(value):
            assert (done.faults, done.data) == ((), value)
        elif not done.faults:
            assert truth(schema, done.data)
        if valid and way.mode == "native" and not way.report.narrowed:
            assert way.back(forth(way, value)) == value


@SOME
@given(schemas(), VALUES)
def test_an_older_draft_reads_the_same_words(schema: dict[str, Any], value: Any) -> None:
    old = {**schema, "$schema": "http://json-schema.org/draft-07/schema#"}
    if not Draft7Validator(Draft7Validator.META_SCHEMA).is_valid(old):
        return
    try:
        checker = compiled(old)
        plain = Draft7Validator(old, registry=Registry()).is_valid(value)
        assert checker.is_valid(value) == plain
    except (Uncheckable, TooMuchWork, RecursionError):
        return
    except Exception as error:  # "#mark" is no anchor in draft 7: plain jsonschema says so late
        assert "mark" in str(error)  # noqa: PT017 it is raised by either side
