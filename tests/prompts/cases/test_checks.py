"""Every kind of check, where it holds and where it does not."""

from decimal import Decimal

import pytest

from llm.types import Reply, Usage
from prompts.cases.checks import verdict, wrong_check, wrong_messages, wrong_variables
from prompts.models import CaseCheck

CITY = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'


def said(kind: str, value: str, text: str, *, schema: str = "", cost: Decimal | None = None) -> bool:
    reply = Reply(text=text, model="local:x", finish="stop", usage=Usage(output_tokens=5), cost=cost)
    return verdict(CaseCheck(kind=kind, value=value), reply, schema=schema, seconds=1.5).passed


@pytest.mark.parametrize(
    ("kind", "value", "good", "bad"),
    [
        ("contains", "Ada", "Hi Ada", "Hi"),
        ("not_contains", "Ada", "Hi", "Hi Ada"),
        ("matches", r"^\d+$", "12", "a12"),
        ("equals", "yes", "yes\n", "yes!"),
        ("schema", CITY, '{"city": "Bern"}', '{"city": 3}'),
        ("schema", CITY, '{"city": "Bern"}', "Bern"),
    ],
)
def test_a_check_of_text(kind: str, value: str, good: str, bad: str) -> None:
    assert said(kind, value, good)
    assert not said(kind, value, bad)


def test_the_schema_is_the_prompt_s_where_none_is_given() -> None:
    assert said("schema", "", '{"city": "Bern"}', schema=CITY)
    assert not said("schema", "", "{}", schema=CITY)
    assert not said("schema", "", "{}")


def test_limits_hold_at_their_edge() -> None:
    assert said("max_tokens", "5", "x")
    assert not said("max_tokens", "4", "x")
    assert said("max_latency", "1.5", "x")
    assert not said("max_latency", "1.4", "x")
    assert said("max_cost", "0.1", "x", cost=Decimal("0.1"))
    assert not said("max_cost", "0.1", "x", cost=Decimal("0.11"))
    assert not said("max_cost", "0.1", "x")  # an unknown price is not a low one


@pytest.mark.timeout(5)
def test_a_pattern_that_backtracks_costs_nothing() -> None:
    assert not said("matches", "^(a+)+$", "a" * 50_000 + "!")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("contains", ""), ("matches", "("), ("matches", "(?=a)"), ("max_tokens", "0"), ("max_tokens", "x")),
        *(("max_cost", "-1"), ("max_cost", "NaN"), ("schema", "["), ("schema", "[]"), ("judge", "")),
    ],
)
def test_a_check_that_cannot_be_used_is_refused_and_never_holds(kind: str, value: str) -> None:
    assert wrong_check(CaseCheck(kind=kind, value=value))
    if kind != "judge":
        assert not said(kind, value, "x")


def test_a_threshold_is_a_share() -> None:
    assert wrong_check(CaseCheck(kind="judge", value="Kind?", threshold=2))
    assert not wrong_check(CaseCheck(kind="judge", value="Kind?", threshold=0))


def test_inputs_have_their_shape() -> None:
    assert wrong_variables({"a": 1})
    assert not wrong_variables({"a": "1"})
    assert wrong_messages([{"role": "system", "content": "x"}])
    assert not wrong_messages([{"role": "user", "content": "x"}])
