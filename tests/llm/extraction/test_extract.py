"""Against a scripted model: every kind of answer has one defined outcome, and nothing paid is lost."""

import json
from typing import Any

import pytest

from llm.errors import LLMError, Refused
from llm.extraction import BadExtraction, SchemaRefused, extract
from llm.extraction.schemas import Contact, Sentiment
from llm.models import Call
from llm.types import Usage
from tests.llm.extraction.conftest import MODEL, said, sentiment
from tests.wire import Tokens, WireServer, refusal, status, text, tool_call, truncated

pytestmark = pytest.mark.django_db(transaction=True)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


async def test_a_valid_answer_is_the_model_s_object(model: WireServer) -> None:
    model.script(text(sentiment()))
    done = await extract(Sentiment, "I love it.")
    assert done.data == Sentiment(sentiment="positive", confidence=0.9, reasoning="Praise.")
    assert (done.attempts, done.repairs, done.cached, done.model) == (1, (), False, MODEL)
    assert done.prompt_version == 7
    assert done.text == sentiment()


async def test_the_prompt_and_a_strict_schema_go_to_the_provider(model: WireServer) -> None:
    model.script(text(sentiment()))
    await extract(Sentiment, "I love it.")
    assert said(model, 0) == [("system", "The prompt extract-sentiment."), ("user", "I love it.")]
    shape = model.requests[0].body["response_format"]["json_schema"]
    assert shape["name"] == "Sentiment"
    assert shape["schema"]["additionalProperties"] is False
    assert shape["schema"]["required"] == ["sentiment", "confidence", "reasoning"]
    assert model.requests[0].body["temperature"] == 0


async def test_a_wrong_answer_is_asked_again_with_the_fault_alone(model: WireServer) -> None:
    wrong = sentiment(confidence=3)
    model.script(text(wrong), text(sentiment()))
    done = await extract(Sentiment, "I love it.")
    assert done.attempts == 2
    *first, (echo_role, echo), (complaint_role, complaint) = said(model, 1)
    assert first == said(model, 0), "the beginning stays the same, so that providers can cache it"
    assert (echo_role, echo, complaint_role) == ("assistant", wrong, "user")
    assert "/confidence: Input should be less than or equal to 1" in complaint
    assert model.requests[1].body["temperature"] > 0


async def test_usage_and_cost_are_of_all_attempts(model: WireServer) -> None:
    model.script(
        text(sentiment(confidence=3), tokens=Tokens(input=100, output=10)),
        text(sentiment(), tokens=Tokens(input=200, output=20, cached=50)),
    )
    done = await extract(Sentiment, "I love it.")
    assert done.usage == Usage(input_tokens=300, output_tokens=30, cached_tokens=50)
    calls = [call async for call in Call.objects.filter(request_id=done.request_id)]
    assert len(calls) == 2
    costs = [call.cost for call in calls if call.cost is not None]
    assert done.cost == (sum(costs) if len(costs) == 2 else None), "one unknown cost makes the sum unknown"
    assert {(call.feature, call.prompt, call.prompt_version) for call in calls} == {
        ("extract", "extract-sentiment", 7)
    }


async def test_stops_when_the_same_errors_repeat(model: WireServer) -> None:
    model.script(text(sentiment(confidence=3)), text(sentiment(confidence=4)))
    with pytest.raises(BadExtraction) as caught:
        await extract(Sentiment, "I love it.", max_attempts=5)
    assert caught.value.attempts == 2
    assert [fault["pointer"] for fault in caught.value.errors] == ["/confidence"]


async def test_stops_after_max_attempts_with_everything_that_was_paid(model: WireServer) -> None:
    model.script(
        text("No.", tokens=Tokens(input=10, output=1)),
        text(sentiment(sentiment="great"), tokens=Tokens(input=20, output=2)),
    )
    with pytest.raises(BadExtraction) as caught:
        await extract(Sentiment, "I love it.", max_attempts=2)
    partial = caught.value.partial
    assert partial is not None
    assert partial.usage == Usage(input_tokens=30, output_tokens=3)
    assert partial.text == sentiment(sentiment="great")
    assert caught.value.errors[0]["pointer"] == "/sentiment"


async def test_a_refusal_is_not_asked_again(model: WireServer) -> None:
    model.script(refusal())
    with pytest.raises(Refused):
        await extract(Sentiment, "I love it.")
    assert len(model.requests) == 1


async def test_a_failed_second_call_still_tells_what_the_first_one_used(model: WireServer) -> None:
    model.script(text(sentiment(confidence=3), tokens=Tokens(input=100, output=10)))
    model.always(status(500))
    with pytest.raises(LLMError) as caught:
        await extract(Sentiment, "I love it.")
    assert caught.value.partial is not None
    assert caught.value.partial.usage.input_tokens >= 100


async def test_a_truncated_answer_is_given_more_room_once_and_never_repaired(model: WireServer) -> None:
    model.always(truncated(sentiment()[:-2]))
    with pytest.raises(BadExtraction, match="cut off"):
        await extract(Sentiment, "I love it.", max_attempts=5)
    assert len(model.requests) == 2
    assert said(model, 1) == said(model, 0)
    assert model.requests[1].body["max_tokens"] > 16_384


async def test_even_a_whole_value_is_not_taken_from_a_truncated_answer(model: WireServer) -> None:
    model.script(truncated(sentiment()))
    with pytest.raises(BadExtraction, match="cut off"):
        await extract(Sentiment, "I love it.", max_attempts=1)


@pytest.mark.parametrize(
    ("answer", "repair"),
    [
        (f"Here you are: {sentiment()} Anything else?", "Left out the text around the JSON."),
        (f"```json\n{sentiment()}\n```", "Took the JSON out of a code fence."),
        (f"{sentiment(sentiment='negative')}\n{sentiment()}", "Left out the text around the JSON."),
        (f"{{name}} said: {sentiment()} [1]", "Left out the text around the JSON."),
        (sentiment().replace('"', "'"), "Turned single quotes into double quotes."),
        (sentiment()[:-1] + ",}", "Dropped a comma before a closing bracket."),
    ],
)
async def test_json_in_prose_is_taken_and_said(model: WireServer, answer: str, repair: str) -> None:
    model.script(text(answer))
    done = await extract(Sentiment, "I love it.")
    assert done.data.sentiment == "positive"
    assert done.repairs == (repair,)


@pytest.mark.parametrize(
    ("answer", "place", "word"),
    [
        ("", "", "not JSON"),
        ("I cannot say.", "", "not JSON"),
        (sentiment()[:-2], "", "not JSON"),
        (sentiment()[:-1] + ', "confidence": 0.1}', "", "occurs twice"),
        (sentiment().replace("0.9", "NaN"), "", "NaN"),
        (sentiment().replace("0.9", "1e999"), "", "too large"),
        ("[" * 100_000, "", "not JSON"),
        (f"[{sentiment()}]", "", "should be an object"),
        (sentiment(sentiment="great"), "/sentiment", "'positive', 'negative' or 'neutral'"),
        (sentiment(confidence="0.9"), "/confidence", "valid number"),
        (sentiment(confidence=True), "/confidence", "valid number"),
        (sentiment(reasoning=""), "/reasoning", "at least 1 character"),
        (sentiment(mood="fine"), "/mood", "not permitted"),
        (json.dumps({"sentiment": "positive"}), "/confidence", "required"),
    ],
)
async def test_a_wrong_answer_is_named_exactly(model: WireServer, answer: str, place: str, word: str) -> None:
    model.script(text(answer))
    with pytest.raises(BadExtraction) as caught:
        await extract(Sentiment, "I love it.", max_attempts=1)
    assert caught.value.errors[0]["pointer"] == place
    assert word in caught.value.errors[0]["message"]


async def test_a_megabyte_of_answer_is_read_in_one_pass(model: WireServer) -> None:
    model.script(text(*['{"a": "\\"' * 1000] * 120, sentiment()))
    with pytest.raises(BadExtraction):
        await extract(Sentiment, "I love it.", max_attempts=1)


async def test_a_contact_may_leave_out_what_the_text_does_not_say(model: WireServer) -> None:
    home = {"street": "5 Elm Road", "city": "Austin", "state": "TX", "zip": "78701", "type": "home"}
    model.script(text(json.dumps({"name": "Jane", "email": None, "addresses": [home]})))
    done = await extract(Contact, "Jane, 5 Elm Road, Austin, TX 78701")
    assert done.data.addresses[0].zip == "78701"
    assert (done.data.email, done.data.phone) == (None, None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"email": "jane at example"}, "/email"),
        ({"name": None}, "/name"),
        ({"addresses": [{"type": "castle"}]}, "/addresses/0/type"),
    ],
)
async def test_a_contact_is_held_to_its_rules(model: WireServer, change: Any, place: str) -> None:
    model.script(text(json.dumps({"name": "Jane", **change})))
    with pytest.raises(BadExtraction) as caught:
        await extract(Contact, "Jane", max_attempts=1)
    assert caught.value.errors[0]["pointer"] == place


async def test_a_schema_of_the_caller_is_asked_with_the_built_in_instruction(model: WireServer) -> None:
    model.script(text('{"city": "Oslo"}'))
    done = await extract(CITY, "She lives in Oslo.")
    assert (done.data, done.prompt_version) == ({"city": "Oslo"}, None)
    (_, instruction), (_, content) = said(model, 0)
    assert '"required":["city"]' in instruction
    assert content == "She lives in Oslo."


async def test_a_schema_of_the_caller_coerces_nothing(model: WireServer) -> None:
    model.script(text('{"age": "3"}'))
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    with pytest.raises(BadExtraction) as caught:
        await extract(schema, "She is 3.", max_attempts=1)
    assert caught.value.errors == ({"pointer": "/age", "message": "'3' is not of type 'integer'"},)


async def test_a_dict_is_asked_for_as_pairs_and_comes_back_as_a_dict(model: WireServer) -> None:
    model.script(text('{"value": [{"key": "a", "value": 1}]}'))
    done = await extract({"type": "object", "additionalProperties": {"type": "integer"}}, "a is 1")
    assert (done.data, done.repairs) == ({"a": 1}, ())
    assert model.requests[0].body["response_format"]["json_schema"]["strict"] is True


async def test_an_answer_in_the_caller_s_own_shape_is_taken_as_it_is(model: WireServer) -> None:
    model.script(text('{"a": 1}'))
    done = await extract({"type": "object", "additionalProperties": {"type": "integer"}}, "a is 1")
    assert done.data == {"a": 1}


async def test_what_strict_mode_cannot_say_is_the_arguments_of_a_tool(model: WireServer) -> None:
    model.script(tool_call("Any", a=[1, {"b": None}]))
    done = await extract({"title": "Any", "type": "object"}, "a is 1")
    assert done.data == {"a": [1, {"b": None}]}
    body = model.requests[0].body
    assert "response_format" not in body
    assert body["tool_choice"] == {"type": "function", "function": {"name": "Any"}}
    assert body["tools"][0]["function"]["parameters"] == {"title": "Any", "type": "object"}


async def test_a_model_without_schemas_and_tools_is_told_in_words(model: WireServer) -> None:
    model.script(text(sentiment()))
    await extract(Sentiment, "I love it.", model="openai:o1-mini")
    roles = [role for role, _ in said(model, 0)]
    assert roles == ["system", "system", "user"]
    assert said(model, 0)[1][1].startswith("Answer with nothing but one JSON value")
    assert model.requests[0].body.keys().isdisjoint({"response_format", "tools"})


async def test_a_schema_that_is_refused_costs_nothing(model: WireServer) -> None:
    with pytest.raises(SchemaRefused):
        await extract({"type": "strnig"}, "a is 1")
    assert model.requests == []
