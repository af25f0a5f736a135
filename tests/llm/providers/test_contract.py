"""What every provider does, whatever its wire format."""

import asyncio

import pytest

from llm.errors import (
    Refused,
)
from llm.types import Delta, Schema, Tool, ToolCall, Usage
from tests.llm.providers.conftest import Asked
from tests.wire import (
    Call,
    Tokens,
    WireServer,
    refusal,
    text,
    tool_call,
    tool_calls,
    truncated,
)

SEARCH = Tool(name="search", description="Search.", parameters={"type": "object", "properties": {}})


async def test_streams_each_delta_and_returns_the_whole(asked: Asked, wire: WireServer) -> None:
    wire.script(text("Hel", "lo ", "you"))
    reply = await asked.ask()
    assert asked.text == ["Hel", "lo ", "you"]
    assert (reply.text, reply.finish, reply.model) == ("Hello you", "stop", asked.model)
    assert reply.upstream_id == "req_1"
    assert not reply.estimated


async def test_says_nothing_of_this_machine_and_wants_a_stream_as_it_is(
    asked: Asked, wire: WireServer
) -> None:
    wire.script(text("ok"))
    await asked.ask()
    headers = wire.requests[0].headers
    assert (headers["user-agent"], headers["accept-encoding"]) == ("Parley", "identity")
    assert not {"x-stainless-os", "x-stainless-arch", "x-stainless-runtime-version"} & set(headers)


async def test_hands_on_a_delta_before_the_next_one_is_there(asked: Asked, wire: WireServer) -> None:
    gate = wire.gate()
    wire.script(text("one", "two", gate=gate))
    came: asyncio.Queue[str] = asyncio.Queue()

    async def emit(delta: Delta) -> None:
        if delta.text:
            came.put_nowait(delta.text)

    answering = asyncio.create_task(asked.provider(asked.request(), emit))
    gate.let()
    assert await came.get() == "one"
    await wire.until(lambda: wire.requests[0].sent == 1)  # it counts after it has written
    gate.open()
    assert (await answering).text == "onetwo"


async def test_counts_cached_and_reasoning_tokens_once(asked: Asked, wire: WireServer) -> None:
    wire.script(text("ok", tokens=Tokens(input=100, output=20, cached=60, cache_write=30, reasoning=5)))
    reply = await asked.ask()
    assert reply.usage == Usage(
        input_tokens=100, output_tokens=20, cached_tokens=60, cache_write_tokens=30, reasoning_tokens=5
    )


async def test_estimates_the_usage_that_nobody_named(asked: Asked, wire: WireServer) -> None:
    wire.script(text("x" * 400, tokens=None))
    reply = await asked.ask()
    assert reply.estimated
    assert reply.usage.output_tokens == 100
    assert reply.usage.input_tokens > 0


@pytest.mark.parametrize("chunk", [1, 7])
async def test_does_not_mind_where_the_bytes_are_cut(asked: Asked, wire: WireServer, chunk: int) -> None:
    wire.script(text("Grüße, ", "世界", chunk=chunk))
    assert (await asked.ask()).text == "Grüße, 世界"


async def test_shows_life_while_the_model_thinks(asked: Asked, wire: WireServer) -> None:
    wire.script(text("ok", thoughts=3))
    await asked.ask()
    before = asked.deltas[: asked.deltas.index(Delta(text="ok"))]
    assert before.count(Delta()) >= 3


async def test_gives_each_tool_call_once_and_whole(asked: Asked, wire: WireServer) -> None:
    first = Call(id="call_1", name="search", arguments='{"q": "tea"}')
    second = Call(id="call_2", name="search", arguments="")
    wire.script(tool_calls(first, second, pieces=("Let me look.",)))
    reply = await asked.ask(tools=(SEARCH,))
    calls = (
        ToolCall(id="call_1", name="search", arguments='{"q": "tea"}'),
        ToolCall(id="call_2", name="search", arguments="{}"),
    )
    assert reply.tool_calls == calls
    assert tuple(delta.tool_call for delta in asked.deltas if delta.tool_call) == calls
    assert (reply.finish, reply.text) == ("tool_calls", "Let me look.")


async def test_leaves_out_a_tool_call_that_the_limit_cut(asked: Asked, wire: WireServer) -> None:
    wire.script(tool_calls(Call(id="call_1", name="search", arguments='{"q": "t'), finish="length"))
    reply = await asked.ask(tools=(SEARCH,))
    assert (reply.finish, reply.tool_calls) == ("length", ())


async def test_says_that_the_answer_was_cut_by_its_limit(asked: Asked, wire: WireServer) -> None:
    wire.script(truncated("and so", " on"))
    reply = await asked.ask(max_tokens=2)
    assert (reply.text, reply.finish) == ("and so on", "length")


async def test_a_refusal_is_an_error_that_keeps_what_it_cost(asked: Asked, wire: WireServer) -> None:
    wire.script(refusal(tokens=Tokens(input=30, output=4)))
    with pytest.raises(Refused) as caught:
        await asked.ask()
    assert "I cannot help" in caught.value.detail
    assert caught.value.partial is not None
    assert caught.value.partial.usage == Usage(input_tokens=30, output_tokens=4)
    assert not caught.value.retryable
    assert not caught.value.elsewhere


async def test_asks_for_the_shape_of_the_answer(asked: Asked, wire: WireServer) -> None:
    wire.script(text("{}"))
    shape = {"type": "object", "properties": {}, "additionalProperties": False}
    await asked.ask(schema=Schema(name="thing", json_schema=shape))
    body = wire.requests[0].body
    if asked.name == "anthropic":
        assert body["output_config"] == {"format": {"type": "json_schema", "schema": shape}}
    else:
        named = {"name": "thing", "schema": shape, "strict": True}
        assert body["response_format"] == {"type": "json_schema", "json_schema": named}


async def test_a_lone_tool_call_needs_no_text(asked: Asked, wire: WireServer) -> None:
    wire.script(tool_call("search", q="tea"))
    reply = await asked.ask(tools=(SEARCH,))
    assert (reply.text, reply.finish) == ("", "tool_calls")
