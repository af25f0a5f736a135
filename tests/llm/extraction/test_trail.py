"""However an extraction ends, it tells what was paid for: attempts, model, usage, text, ids."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

import llm
from llm.errors import BudgetExceeded, DeadlinePassed, LLMError, Refused, TimedOut, Unavailable
from llm.extraction import BadExtraction, Truncated, extract
from llm.extraction.ready_made import Sentiment
from llm.models import Budget
from llm.testing import say, script
from llm.types import Message, Owner, Usage
from tests.llm.extraction.conftest import MODEL, said, sentiment
from tests.wire import Tokens, WireServer, cut_after, hang, refusal, silent_eof, status, text, truncated

pytestmark = pytest.mark.django_db(transaction=True)

WRONG = text(sentiment(confidence=3), tokens=Tokens(input=100, output=10))
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ENDS: dict[str, tuple[Any, type[LLMError]]] = {
    "refusal": (refusal("No."), Refused),
    "truncated": (truncated(sentiment()[:20], tokens=Tokens(input=50, output=5)), Truncated),
    "invalid": (text(sentiment(confidence=4), tokens=Tokens(input=50, output=5)), BadExtraction),
    "cut stream": (cut_after(sentiment()[:20]), Unavailable),
    "silent end": (silent_eof(sentiment()[:20]), Unavailable),
    "server error": (status(500), LLMError),
}


@pytest.mark.parametrize(("answer", "error"), ENDS.values(), ids=ENDS.keys())
async def test_every_failure_carries_what_the_attempts_took(
    model: WireServer, answer: Any, error: type[LLMError]
) -> None:
    model.script(WRONG)
    model.always(answer)
    with pytest.raises(error) as caught:
        await extract(Sentiment, "I love it.", max_attempts=2)
    trail = caught.value.trail
    assert trail is not None
    assert (trail.attempts, trail.model) == (2, MODEL)
    assert trail.usage.input_tokens >= 100
    assert trail.request_id == caught.value.partial.request_id if caught.value.partial else False
    if answer.pieces:
        assert trail.text == "".join(answer.pieces)


async def test_the_deadline_holds_across_attempts(model: WireServer) -> None:
    model.script(WRONG)
    model.always(hang())
    with pytest.raises(TimedOut) as caught:
        await extract(Sentiment, "I love it.", deadline=2.5)
    assert isinstance(caught.value, DeadlinePassed)
    assert caught.value.trail is not None
    assert caught.value.trail.attempts == 2
    assert caught.value.trail.usage.input_tokens >= 100


async def test_a_success_carries_the_same(model: WireServer) -> None:
    model.script(WRONG, text(f"```json\n{sentiment()}\n```", tokens=Tokens(input=200, output=20)))
    done = await llm.extract(Sentiment, "I love it.")
    assert (done.attempts, done.usage.input_tokens, done.repairs) == (
        2,
        300,
        ("Took the JSON out of a code fence.",),
    )
    assert len(done.upstream_ids) == 2


async def test_more_room_than_the_model_has_leaves_it_at_truncated(model: WireServer) -> None:
    model.script(truncated(sentiment()[:20]), status(400, message="max_tokens is too large"))
    with pytest.raises(Truncated) as caught:
        await extract(Sentiment, "I love it.")
    assert caught.value.trail is not None
    assert (caught.value.trail.attempts, caught.value.trail.text) == (2, sentiment()[:20])


async def test_room_is_given_once_whatever_comes_between(model: WireServer) -> None:
    cut = truncated(sentiment()[:20])
    model.script(cut, text("not it"), cut, cut, cut)
    with pytest.raises(Truncated):
        await extract(Sentiment, "I love it.", max_attempts=5)
    assert len(model.requests) == 3


async def test_messages_may_stand_in_place_of_a_text(model: WireServer) -> None:
    model.script(text(json.dumps({"city": "Oslo"})))
    talk = [
        Message(role="user", content="She lives there."),
        Message(role="assistant", content="Where?"),
        Message(role="user", content="In Oslo."),
    ]
    done = await extract({"type": "object", "properties": {"city": {"type": "string"}}}, talk)
    assert done.data == {"city": "Oslo"}
    assert [role for role, _ in said(model, 0)] == ["system", "user", "assistant", "user"]


async def test_a_budget_that_is_used_up_between_attempts_stops_with_all_that_was_paid_for(
    alice: User,
) -> None:
    """The first attempt may cost up to $0.0737 and costs $0.009: too little is left for a second."""
    await Budget.objects.acreate(scope="user", user=alice, period="day", limit="0.08")
    wrong = sentiment(confidence=3)
    first = say(wrong, usage=Usage(input_tokens=6_000, output_tokens=1_000))
    scripted = script(first, pipeline="site", models=("openai:gpt-5.4-mini",))
    with scripted as model, pytest.raises(BudgetExceeded) as caught:
        await extract(CITY, "I love it.", owner=Owner(user_id=alice.pk))
    trail, partial = caught.value.trail, caught.value.partial
    assert trail is not None
    assert partial is not None
    assert (len(model.requests), trail.attempts, trail.text) == (1, 2, wrong)
    assert trail.usage == partial.usage == Usage(input_tokens=6_000, output_tokens=1_000)
    assert trail.cost == partial.cost == Decimal("0.009")
