"""What is particular to Anthropic's messages."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from llm.errors import Rejected, Unavailable
from llm.providers.anthropic import Anthropic
from llm.providers.endpoint import Endpoint
from llm.types import Message, Tool, ToolCall, Usage
from tests.llm.providers.conftest import Asked
from tests.wire import (
    Call,
    Tokens,
    WireServer,
    cut_after,
    paused,
    raw,
    text,
    tool_call,
    tool_calls,
    truncated,
)

SEARCH = Tool(name="search", description="Search.", parameters={"type": "object", "properties": {}})


@pytest.fixture
async def claude(wire: WireServer) -> AsyncIterator[Asked]:
    """Anthropic's own endpoint, as far as the provider can tell."""
    provider = Anthropic(Endpoint(title="Anthropic", base_url=wire.anthropic_url, keepalive=30))
    yield Asked("anthropic", provider)
    await provider.close()


def said(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


async def test_sends_a_conversation_with_tools(claude: Asked, wire: WireServer) -> None:
    wire.script(text("ok"))
    first = ToolCall(id="a", name="search", arguments='{"q": "tea"}')
    second = ToolCall(id="b", name="search", arguments="not json")
    await claude.ask(
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="Tea?"),
            Message(role="assistant", content="", tool_calls=(first, second)),
            Message(role="tool", content="Green.", tool_call_id="a"),
            Message(role="tool", content="Black.", tool_call_id="b"),
            Message(role="system", content="Be kind."),
            Message(role="user", content="And?"),
            Message(role="assistant", content=""),
        ),
        tools=(SEARCH,),
        stop=("END",),
    )
    body = wire.requests[0].body
    assert body["system"] == "Be brief.\n\nBe kind."
    assert body["messages"] == [
        said("user", words("Tea?")),
        said(
            "assistant",
            {"type": "tool_use", "id": "a", "name": "search", "input": {"q": "tea"}},
            {"type": "tool_use", "id": "b", "name": "search", "input": {"invalid": "not json"}},
        ),
        said(
            "user",
            {"type": "tool_result", "tool_use_id": "a", "content": "Green."},
            {"type": "tool_result", "tool_use_id": "b", "content": "Black."},
            words("And?"),
        ),
    ]
    schema = {"type": "object", "properties": {}}
    assert body["tools"] == [{"name": "search", "description": "Search.", "input_schema": schema}]
    assert body["stop_sequences"] == ["END"]
    assert body["max_tokens"] == 16_384


async def test_uses_one_connection_for_one_call_after_the_other(claude: Asked, wire: WireServer) -> None:
    wire.always(text("ok"))
    for _ in range(3):
        await claude.ask()
    assert wire.connections == 1


async def test_asks_with_the_system_text_where_there_is_nothing_else(claude: Asked, wire: WireServer) -> None:
    wire.script(text("ok"))
    await claude.ask(messages=(Message(role="system", content="Write a poem."),))
    assert wire.requests[0].body["messages"] == [said("user", words("Write a poem."))]
    assert "system" not in wire.requests[0].body


async def test_sends_a_temperature_to_older_models_only(claude: Asked, wire: WireServer) -> None:
    wire.always(text("ok"))
    for model in ("claude-haiku-5-5", "claude-haiku-4-5", "claude-opus-4-7"):
        await claude.ask(temperature=1.5, model=f"anthropic:{model}")
    assert [request.body.get("temperature") for request in wire.requests] == [None, 1.0, None]


async def test_rejects_options_that_the_format_does_not_have(claude: Asked, wire: WireServer) -> None:
    with pytest.raises(Rejected, match="no top_p"):
        await claude.ask(options={"top_p": 0.5})


CHOICES = [
    ("claude-haiku-5-5", "required", {"type": "any"}),
    ("claude-haiku-5-5", "search", {"type": "tool", "name": "search"}),
    ("claude-haiku-5-5", "none", {"type": "none"}),
    ("claude-haiku-5-5", None, None),
    ("claude-opus-5-5", "required", {"type": "auto"}),
    ("claude-fable-5-2", "search", {"type": "auto"}),
]


@pytest.mark.parametrize(("model", "choice", "sent"), CHOICES)
async def test_forces_no_tool_on_a_model_that_refuses_it(
    claude: Asked, wire: WireServer, model: str, choice: str | None, sent: object
) -> None:
    wire.script(tool_call("search", q="tea"))
    await claude.ask(tools=(SEARCH,), tool_choice=choice, model=f"anthropic:{model}")
    assert wire.requests[0].body.get("tool_choice") == sent


async def test_names_the_input_before_the_first_word(claude: Asked, wire: WireServer) -> None:
    wire.script(cut_after("one two three four", tokens=Tokens(input=50, cached=40)))
    with pytest.raises(Unavailable) as caught:
        await claude.ask()
    assert claude.deltas[0].usage == Usage(input_tokens=50, cached_tokens=40, output_tokens=1)
    partial = caught.value.partial
    assert partial is not None
    assert partial.usage == Usage(input_tokens=50, cached_tokens=40, output_tokens=5)
    assert partial.estimated


async def test_a_full_context_is_a_limit_too(claude: Asked, wire: WireServer) -> None:
    event = {"type": "message_delta", "delta": {"stop_reason": "model_context_window_exceeded"}, "usage": {}}
    wire.script(raw(b"data: " + json.dumps(event).encode() + b"\n\n"))
    assert (await claude.ask()).finish == "length"


async def test_goes_on_after_a_pause_with_what_came_unchanged(claude: Asked, wire: WireServer) -> None:
    wire.script(
        paused("Let me ", thoughts=2, tokens=Tokens(input=10, output=3)),
        text("see.", tokens=Tokens(input=13, output=2)),
    )
    reply = await claude.ask()
    assert reply.text == "Let me see."
    assert reply.usage == Usage(input_tokens=23, output_tokens=5)
    thought = {"type": "thinking", "thinking": "hmhm", "signature": "c2ln"}
    assert wire.requests[1].body["messages"] == [
        said("user", words("Hi")),
        said("assistant", thought, words("Let me ")),
    ]


async def test_thoughts_go_back_unchanged_with_the_result_of_a_tool(claude: Asked, wire: WireServer) -> None:
    use = Call(id="t1", name="search", arguments='{"q": "tea"}')
    wire.script(tool_calls(use, thoughts=2), text("Green."), text("Green."))
    first = await claude.ask(tools=(SEARCH,))
    answer = Message(role="assistant", content="", tool_calls=first.tool_calls, opaque=first.opaque)
    question, result = (
        Message(role="user", content="Hi"),
        Message(role="tool", content="Green.", tool_call_id="t1"),
    )
    await claude.ask(messages=(question, answer, result), tools=(SEARCH,))
    thought = {"type": "thinking", "thinking": "hmhm", "signature": "c2ln"}
    called = {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "tea"}}
    assert wire.requests[1].body["messages"][1] == said("assistant", thought, called)
    assert first.opaque is not None
    others = replace(answer, opaque=replace(first.opaque, model="anthropic:another"))
    await claude.ask(messages=(question, others, result), tools=(SEARCH,))
    assert wire.requests[2].body["messages"][1] == said("assistant", called)


async def test_estimates_when_the_second_half_breaks_off(claude: Asked, wire: WireServer) -> None:
    wire.script(
        paused("four", tokens=Tokens(input=10, output=3)),
        cut_after("x" * 400, tokens=Tokens(input=20)),
    )
    with pytest.raises(Unavailable) as caught:
        await claude.ask()
    partial = caught.value.partial
    assert partial is not None
    assert partial.estimated
    assert partial.usage == Usage(input_tokens=30, output_tokens=101)


async def test_does_not_go_on_for_ever(claude: Asked, wire: WireServer) -> None:
    wire.always(paused("more ", tokens=Tokens(input=10, output=2)))
    with pytest.raises(Unavailable, match="too often") as caught:
        await claude.ask()
    assert len(wire.requests) == 4
    assert caught.value.partial is not None
    assert caught.value.partial.usage == Usage(input_tokens=40, output_tokens=8)


async def test_the_end_corrects_the_figures_of_the_start(claude: Asked, wire: WireServer) -> None:
    wire.script(truncated("ok", tokens=Tokens(input=10, output=4, cached=2)))
    reply = await claude.ask()
    assert reply.usage == Usage(input_tokens=10, output_tokens=4, cached_tokens=2)
    assert not reply.estimated
