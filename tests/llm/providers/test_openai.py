"""What is particular to chat completions."""

import json
from collections.abc import AsyncIterator, Mapping

import pytest

from llm.errors import Misconfigured, RateLimited, Refused, Unavailable
from llm.providers.endpoint import Endpoint
from llm.providers.openai import OpenAI
from llm.types import Message, Tool, ToolCall
from tests.llm.providers.conftest import Asked
from tests.wire import Ending, WireServer, raw, refusal, status, text, tool_call

SEARCH = Tool(name="search", description="Search.", parameters={"type": "object", "properties": {}})


@pytest.fixture
async def openai(wire: WireServer) -> AsyncIterator[Asked]:
    """OpenAI's own endpoint, as far as the provider can tell."""
    endpoint = Endpoint(
        title="OpenAI", base_url=wire.openai_url, limit_field="max_completion_tokens", keepalive=30
    )
    provider = OpenAI(endpoint)
    yield Asked("openai", provider)
    await provider.close()


def chunks(*choices: dict[str, object], end: bytes = b"data: [DONE]\n\n", **fields: object) -> bytes:
    """A stream of chunks with one choice each."""
    lines = [b"data: " + json.dumps({"choices": [choice], **fields}).encode() + b"\n\n" for choice in choices]
    return b"".join(lines) + end


def calls(*parts: Mapping[str, object]) -> dict[str, object]:
    return {"delta": {"tool_calls": list(parts)}}


STOP: dict[str, object] = {"delta": {}, "finish_reason": "stop"}


async def test_names_the_limit_as_openai_does_now(openai: Asked, wire: WireServer) -> None:
    wire.script(text("ok"))
    await openai.ask(max_tokens=9)
    body = wire.requests[0].body
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body


async def test_uses_one_connection_for_one_call_after_the_other(openai: Asked, wire: WireServer) -> None:
    wire.always(text("ok"))
    for _ in range(3):
        await openai.ask()
    assert wire.connections == 1


async def test_sets_no_limit_of_its_own(openai: Asked, wire: WireServer) -> None:
    wire.script(text("ok"))
    await openai.ask()
    assert "max_completion_tokens" not in wire.requests[0].body


async def test_leaves_out_a_temperature_that_the_model_refuses(openai: Asked, wire: WireServer) -> None:
    wire.script(text("ok"), text("ok"))
    await openai.ask(temperature=0.5)
    await openai.ask(temperature=0.5, model="openai:gpt-4o")
    assert [request.body.get("temperature") for request in wire.requests] == [None, 0.5]


async def test_sends_a_conversation_with_tools(openai: Asked, wire: WireServer) -> None:
    wire.script(text("ok"))
    called = ToolCall(id="call_1", name="search", arguments='{"q": "tea"}')
    await openai.ask(
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="Tea?"),
            Message(role="assistant", content="", tool_calls=(called,)),
            Message(role="tool", content="Green.", tool_call_id="call_1"),
        ),
        tools=(SEARCH,),
        stop=("END",),
    )
    body = wire.requests[0].body
    function = {"name": "search", "arguments": '{"q": "tea"}'}
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Tea?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Green."},
    ]
    described = {
        "name": "search",
        "description": "Search.",
        "parameters": {"type": "object", "properties": {}},
    }
    assert body["tools"] == [{"type": "function", "function": described}]
    assert body["stop"] == ["END"]
    assert body["stream_options"] == {"include_usage": True}


async def test_passes_on_options_that_it_does_not_know(openai: Asked, wire: WireServer) -> None:
    wire.script(text("ok"))
    await openai.ask(options={"top_p": 0.5, "min_p": 0.1})
    body = wire.requests[0].body
    assert (body["top_p"], body["min_p"]) == (0.5, 0.1)


CHOICES = [
    (None, None),
    ("auto", "auto"),
    ("required", "required"),
    ("search", {"type": "function", "function": {"name": "search"}}),
]


@pytest.mark.parametrize(("choice", "sent"), CHOICES)
async def test_says_which_tool_must_be_used(
    openai: Asked, wire: WireServer, choice: str | None, sent: object
) -> None:
    wire.script(tool_call("search", q="tea"))
    await openai.ask(tools=(SEARCH,), tool_choice=choice)
    assert wire.requests[0].body.get("tool_choice") == sent


@pytest.mark.parametrize("ending", ["whole", "cut"])
async def test_an_answer_is_whole_once_it_gave_its_reason(
    openai: Asked, wire: WireServer, ending: Ending
) -> None:
    wire.script(raw(chunks({"delta": {"content": "All."}}, STOP, end=b""), ending=ending))
    reply = await openai.ask()
    assert (reply.text, reply.finish, reply.estimated) == ("All.", "stop", True)


async def test_a_done_without_a_reason_is_no_end(openai: Asked, wire: WireServer) -> None:
    wire.script(raw(chunks({"delta": {"content": "All"}})))
    with pytest.raises(Unavailable, match="broke off"):
        await openai.ask()


async def test_tells_calls_apart_by_their_ids_when_all_have_one_index(
    openai: Asked, wire: WireServer
) -> None:
    first = {"index": 0, "id": "a", "function": {"name": "search", "arguments": "{}"}}
    second = {"index": 0, "id": "b", "function": {"name": "search", "arguments": '{"q"'}}
    more = {"index": 0, "function": {"arguments": ": 1}"}}
    wire.script(raw(chunks(calls(first, second), calls(more), STOP)))
    reply = await openai.ask()
    assert [(call.id, call.arguments) for call in reply.tool_calls] == [("a", "{}"), ("b", '{"q": 1}')]
    assert reply.finish == "tool_calls"


async def test_takes_calls_without_index_and_without_id(openai: Asked, wire: WireServer) -> None:
    first = {"function": {"name": "search", "arguments": "{"}}
    wire.script(raw(chunks(calls(first), calls({"function": {"arguments": "}"}}), STOP, id="chat-1")))
    (call,) = (await openai.ask()).tool_calls
    assert (call.id, call.name, call.arguments) == ("call_req_1_0", "search", "{}")


async def test_a_content_filter_is_a_refusal(openai: Asked, wire: WireServer) -> None:
    wire.script(raw(chunks({"delta": {"content": "So"}}, {"delta": {}, "finish_reason": "content_filter"})))
    with pytest.raises(Refused) as caught:
        await openai.ask()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "So"


async def test_keeps_the_words_of_a_refusal_from_the_reader(openai: Asked, wire: WireServer) -> None:
    wire.script(refusal("No. Sorry."))
    with pytest.raises(Refused) as caught:
        await openai.ask()
    assert openai.text == []
    assert caught.value.partial is not None
    assert caught.value.partial.text == "No. Sorry. "


@pytest.mark.parametrize("error", [{"message": "slow down", "code": 429}, {"code": "429", "message": None}])
async def test_knows_a_status_that_comes_as_a_code(openai: Asked, wire: WireServer, error: object) -> None:
    wire.script(raw(b"data: " + json.dumps({"error": error}).encode() + b"\n\n"))
    with pytest.raises(RateLimited):
        await openai.ask()


async def test_an_error_may_be_a_mere_string(openai: Asked, wire: WireServer) -> None:
    wire.script(raw(b'data: {"error": "out of memory"}\n\n'))
    with pytest.raises(Unavailable, match="out of memory"):
        await openai.ask()


async def test_an_unknown_model_says_what_to_check(openai: Asked, wire: WireServer) -> None:
    wire.script(status(404))
    with pytest.raises(
        Misconfigured, match=r"does not know the model openai:gpt-5\.6-luna\. Check the name\."
    ):
        await openai.ask()
