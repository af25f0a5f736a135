"""A script in the place of the site's models: what it answers, and what it complains of."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from pydantic import BaseModel

import llm
from llm.client import client
from llm.errors import BudgetExceeded, Overloaded
from llm.models import Call
from llm.testing import ModelCallForbidden, Scripted, ScriptExhausted, error, script, when

type Script = Callable[..., Scripted]

PRICED = ("openai:gpt-5.4-mini", "anthropic:claude-haiku-5-5")


class City(BaseModel):
    name: str
    tags: dict[str, int]


def ask(text: str = "Hi", **rest: object) -> llm.Request:
    return llm.Request(messages=(llm.Message.user(text),), **rest)  # type: ignore[arg-type]


async def test_answers_whatever_the_site_asks() -> None:
    with script("Hello.") as model:
        reply = await llm.run(ask(feature="greeting"))
    assert (reply.text, reply.model) == ("Hello.", "local:smollm2")
    assert model.requests[0].feature == "greeting"


async def test_goes_along_the_chain_of_fallback() -> None:
    with script(error(Overloaded), "From the second.", models=PRICED):
        reply = await llm.run(ask())
    assert (reply.model, reply.passed_over[0].model) == (PRICED[1], PRICED[0])
    assert (reply.cost or 0) > 0


@pytest.mark.parametrize("model", [None, *PRICED])
async def test_an_object_is_an_extraction_whatever_the_model_is_sent(model: str | None) -> None:
    city = City(name="Oslo", tags={"people": 700})
    with script(city):
        assert (await llm.extract(City, "Oslo has 700 people.", model=model)).data == city


def test_complains_of_answers_that_nobody_asked_for() -> None:
    with (
        pytest.raises(AssertionError, match="1 scripted answers were never asked for"),
        script("spare"),
    ):
        pass


async def test_complains_again_where_the_feature_swallowed_it() -> None:
    async def feature() -> None:
        with suppress(ScriptExhausted):
            await llm.run(ask())

    with pytest.raises(ScriptExhausted, match="1 requests came"), script():
        await feature()


async def test_the_last_script_answers(script: Script) -> None:
    first = script(when("Hi", "One."))
    assert (await llm.run(ask())).text == "One."
    script("Two.")
    assert (await llm.run(ask())).text == "Two."
    assert len(first.requests) == 1


@pytest.mark.django_db(transaction=True)
async def test_the_whole_pipeline_keeps_books_and_a_cache(script: Script, alice: User) -> None:
    script("Hello.", pipeline="site")
    request = ask(owner=llm.Owner(user_id=alice.pk))
    assert not (await llm.run(request)).cached
    assert (await llm.run(request)).cached
    assert await Call.objects.filter(user=alice).acount() == 2


async def test_an_error_of_the_pipeline_can_be_scripted(script: Script) -> None:
    script(error(BudgetExceeded))
    with pytest.raises(BudgetExceeded) as caught:
        await llm.run(ask())
    assert caught.value.sentence == "The budget for this is spent."


async def test_without_a_script_a_call_says_what_to_do() -> None:
    with pytest.raises(ModelCallForbidden, match=r"asked local:smollm2 .*llm\.testing\.script"):
        await llm.run(ask())


@pytest.mark.django_db(transaction=True)
@pytest.mark.model_calls
async def test_a_marked_test_may_call(settings: object) -> None:
    with pytest.raises(llm.LLMError, match="PARLEY_LOCAL_URL"):
        await llm.run(ask())


def test_a_fixture_may_allow_calls(allow_model_calls: None) -> None:
    assert "local" in client().providers
    assert len(client().layers) > 2


async def test_the_cost_of_a_script_is_that_of_its_model() -> None:
    with script("Hello.", models=PRICED[:1]):
        assert ((await llm.run(ask())).cost or Decimal(0)) > 0
