"""The gateway, tried with the real OpenAI SDK, in front of a server that speaks OpenAI's wire format."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest
from django.contrib.auth.models import User
from pydantic import SecretStr

from llm.models import ApiKey, Call
from prompts.service import install_starters
from tests.live import live_server
from tests.prompts.factories import content, make_prompt
from tests.wire import Tokens, WireServer, cut_after, refusal, status, text, tool_call

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(alice: User) -> str:
    return ApiKey.objects.issue(user=alice, name="gateway")[1]


@pytest.fixture
def address(wire: WireServer, settings: Any, transactional_db: None) -> Iterator[str]:
    settings.PARLEY = settings.PARLEY.model_copy(
        update={
            "openai_api_key": SecretStr("sk-test"),
            "openai_base_url": wire.openai_url,
            "parley_models": "openai:gpt-5.6-luna,openai:gpt-5.5",
        }
    )
    with live_server() as url:
        yield f"{url}/v1"


@pytest.fixture
def client(address: str, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key=key, max_retries=0) as one:
        yield one


HELLO: Any = [{"role": "user", "content": "Hello"}]


def test_a_whole_completion_and_its_headers(client: openai.OpenAI, wire: WireServer) -> None:
    wire.script(text("Hi", " there", tokens=Tokens(input=31, output=2)))
    raw = client.chat.completions.with_raw_response.create(model="gpt-5.6-luna", messages=HELLO)
    completion = raw.parse()
    assert completion.choices[0].message.content == "Hi there"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage
    assert (completion.usage.prompt_tokens, completion.usage.total_tokens) == (31, 33)
    assert completion.model == "openai:gpt-5.6-luna"
    assert raw.headers["x-parley-cache"] == "miss"
    assert raw.headers["x-parley-model"] == "openai:gpt-5.6-luna"
    call = Call.objects.get()
    assert (call.correlation_id, call.feature, call.key is not None) == (
        raw.headers["x-request-id"],
        "gateway",
        True,
    )


def test_an_equal_request_is_a_hit_that_costs_nothing(client: openai.OpenAI, wire: WireServer) -> None:
    wire.script(text("Hi"))
    for expected in ("miss", "hit"):
        raw = client.chat.completions.with_raw_response.create(model="gpt-5.6-luna", messages=HELLO)
        assert raw.headers["x-parley-cache"] == expected
    assert raw.headers["x-parley-cost"] == "0"
    chunks = list(client.chat.completions.create(model="gpt-5.6-luna", messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hi"


def test_a_streamed_completion_ends_with_its_usage(client: openai.OpenAI, wire: WireServer) -> None:
    wire.script(text("Hi", " there", tokens=Tokens(input=31, output=2)))
    chunks = list(
        client.chat.completions.create(
            model="parley", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hi there"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 2


async def test_the_async_client_works_too(address: str, key: str, wire: WireServer) -> None:
    wire.script(text("Hi", "!"))
    async with openai.AsyncOpenAI(base_url=address, api_key=key, max_retries=0) as client:
        stream = await client.chat.completions.create(model="gpt-5.6-luna", messages=HELLO, stream=True)
        said = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(said) == "Hi!"


@pytest.mark.parametrize("stream", [False, True])
def test_tools_go_both_ways(client: openai.OpenAI, wire: WireServer, stream: bool) -> None:
    wire.script(tool_call("add", a=1, b=2))
    tools: Any = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
    answer: Any = client.chat.completions.create(
        model="gpt-5.6-luna", messages=HELLO, tools=tools, tool_choice="auto", stream=stream
    )
    if stream:
        deltas = [chunk.choices[0] for chunk in answer]
        [call] = [one for choice in deltas for one in choice.delta.tool_calls or ()]
        finish = deltas[-1].finish_reason
    else:
        [call] = answer.choices[0].message.tool_calls
        finish = answer.choices[0].finish_reason
    assert (call.function.name, json.loads(call.function.arguments), finish) == (
        "add",
        {"a": 1, "b": 2},
        "tool_calls",
    )
    assert wire.requests[0].body["tools"][0]["function"]["name"] == "add"


def test_parameters_are_passed_on(client: openai.OpenAI, wire: WireServer) -> None:
    wire.script(text("{}"))
    client.chat.completions.create(
        model="gpt-5.6-luna",
        messages=HELLO,
        seed=7,
        top_p=0.5,
        max_completion_tokens=9,
        stop=["END"],
        user="somebody",
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}},
    )
    sent = wire.requests[0].body
    assert (sent["seed"], sent["top_p"], sent["stop"]) == (7, 0.5, ["END"])
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert "user" not in sent


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"modalities": ["audio"]}, "modalities"),
        ({"n": 2}, "n"),
        ({"temperature": "warm"}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
    ],
)
def test_what_parley_does_not_do_is_refused_by_name(
    address: str, key: str, wrong: dict[str, Any], param: str
) -> None:
    body = {"model": "gpt-5.6-luna", "messages": HELLO} | wrong
    reply = httpx2.post(f"{address}/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"})
    error = reply.json()["error"]
    assert reply.status_code == 400
    assert (error["param"], error["type"]) == (param, "invalid_request_error")
    assert set(error) == {"message", "type", "code", "param"}


@pytest.mark.parametrize(
    ("answer", "raises", "code"),
    [
        (status(401), openai.InternalServerError, "unavailable"),
        (status(400), openai.UnprocessableEntityError, "invalid"),
        (status(429, retry_after=3600), openai.RateLimitError, "rate_limited"),
    ],
)
def test_errors_are_those_that_clients_expect(
    client: openai.OpenAI, wire: WireServer, answer: Any, raises: type[openai.APIStatusError], code: str
) -> None:
    wire.script(answer)
    with pytest.raises(raises) as error:
        client.chat.completions.create(model="gpt-5.6-luna", messages=HELLO)
    assert error.value.code == code
    if error.value.status_code in {429, 503}:
        assert int(error.value.response.headers["retry-after"]) >= 1


def test_without_a_key_nothing_is_told(address: str) -> None:
    with (
        openai.OpenAI(base_url=address, api_key="parley_wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_a_model_without_a_key_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="No key is set"):
        client.chat.completions.create(model="claude-haiku-5-5", messages=HELLO)


def test_models_are_those_of_configured_providers(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[:3] == ["parley", "openai:gpt-5.6-luna", "openai:gpt-5.5"]
    assert not any(name.startswith("anthropic:") for name in names)


def test_a_prompt_is_a_model(client: openai.OpenAI, wire: WireServer) -> None:
    install_starters()
    wire.script(text("Hi"))
    client.chat.completions.create(model="prompt:assistant@production", messages=HELLO)
    assert [message["role"] for message in wire.requests[0].body["messages"]] == ["system", "user"]
    call = Call.objects.get()
    assert (call.prompt, call.prompt_version) == ("assistant", 1)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="prompt:no-such", messages=HELLO)


def test_a_prompt_brings_its_schema(client: openai.OpenAI, wire: WireServer) -> None:
    shape = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    make_prompt(replace(content("Where?"), output_schema=json.dumps(shape)))
    wire.script(text('{"city": "Bern"}'))
    client.chat.completions.create(model="prompt:greeting", messages=HELLO)
    sent = wire.requests[0].body["response_format"]["json_schema"]
    assert sent["schema"]["properties"] == {"city": {"type": "string"}}


def test_a_refusal_is_a_message(client: openai.OpenAI, wire: WireServer) -> None:
    wire.script(refusal("I cannot help with that."))
    message = client.chat.completions.create(model="gpt-5.6-luna", messages=HELLO).choices[0].message
    assert (message.content, message.refusal and message.refusal.strip()) == (
        None,
        "I cannot help with that.",
    )


def test_a_stream_that_breaks_off_raises_in_the_client(client: openai.OpenAI, wire: WireServer) -> None:
    wire.script(cut_after("par"))
    stream = client.chat.completions.create(model="gpt-5.6-luna", messages=HELLO, stream=True)
    said = [next(stream).choices[0].delta.content for _ in range(2)]
    with pytest.raises(openai.APIError, match="broke off"):
        next(stream)
    assert said == ["", "par"]


def test_the_next_model_answers_and_the_headers_say_why_not_the_first(
    client: openai.OpenAI, wire: WireServer
) -> None:
    wire.script(status(401), text("Hi"))
    raw = client.chat.completions.with_raw_response.create(model="parley", messages=HELLO)
    assert raw.headers["x-parley-passed-over"] == "openai:gpt-5.6-luna unavailable"
    assert raw.headers["x-parley-model"] == "openai:gpt-5.5"
    assert [call.outcome for call in Call.objects.order_by("id")] == ["unavailable", "ok"]
