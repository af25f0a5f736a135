"""Calls are counted and paid for, and a failure shows them."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

import llm
from llm.errors import Overloaded
from llm.testing import Scripted, assert_llm_calls, assert_max_cost, error, say, tool_call

type Script = Callable[..., Scripted]

LUNA = "openai:gpt-5.4-mini"


def ask(text: str = "Hi", **rest: object) -> llm.Request:
    return llm.Request(messages=(llm.Message.user(text),), **rest)  # type: ignore[arg-type]


async def test_counts_every_attempt(script: Script) -> None:
    script(error(Overloaded), "Hello.", models=("openai:gpt-5.5", LUNA))
    with assert_llm_calls(2) as calls:
        await llm.run(ask())
    assert [call.outcome for call in calls] == ["unavailable", "ok"]


async def test_counts_those_that_were_meant(script: Script) -> None:
    script("a", "b", "c")
    with assert_llm_calls(1, feature="title"), assert_llm_calls(2, model="smollm2"), assert_llm_calls(3):
        await llm.run(ask(feature="title"))
        await llm.run(ask(feature="chat"))
        await llm.run(ask(model=LUNA))


async def test_a_failure_shows_the_calls(script: Script) -> None:
    script("Hello.", tool_call("search", q="tea"))
    with pytest.raises(AssertionError) as caught, assert_llm_calls(1, feature="chat"):
        await llm.map([ask("Good morning", feature="chat"), ask(feature="chat")], limit=1)
    assert str(caught.value).splitlines() == [
        "2 calls to a model of chat, expected 1.",
        "  1. chat, local:smollm2: ok, 7 in, 2 out, $0",
        "     'Good morning' -> 'Hello.'",
        "  2. chat, local:smollm2: ok, 5 in, 3 out, $0",
        "     'Hi' -> 'search({\"q\": \"tea\"})'",
    ]


def test_a_failure_without_calls_says_so() -> None:
    with (
        pytest.raises(AssertionError, match=r"0 calls to a model, expected 1\.\nNo model was called"),
        assert_llm_calls(1),
    ):
        pass


async def test_a_failure_of_the_block_itself_is_not_hidden() -> None:
    with pytest.raises(KeyError), assert_llm_calls(1), assert_max_cost(0):
        raise KeyError


@pytest.mark.django_db(transaction=True)
async def test_an_answer_from_the_cache_is_no_call(script: Script, alice: User) -> None:
    script("Hello.", pipeline="site")
    with assert_llm_calls(1), assert_max_cost(0):
        for _ in range(3):
            await llm.run(ask(owner=llm.Owner(user_id=alice.pk)))


async def test_adds_up_what_calls_cost(script: Script) -> None:
    million = llm.Usage(input_tokens=1_000_000)
    script(say("a", usage=million), say("b", usage=million), models=(LUNA,))
    with assert_max_cost("100") as calls:
        await llm.run(ask())
    assert sum((call.reply.cost or Decimal(0) for call in calls), Decimal(0)) > Decimal("0.01")
    with pytest.raises(AssertionError, match=r"cost \$0\.\d+, at most \$0\.01 was"), assert_max_cost("0.01"):
        await llm.run(ask())


async def test_an_unknown_price_is_not_taken_for_nothing(script: Script) -> None:
    script("Hello.")
    with (
        pytest.raises(AssertionError, match="The price of openai:of-tomorrow is unknown"),
        assert_max_cost(100),
    ):
        await llm.run(ask(model="openai:of-tomorrow"))
