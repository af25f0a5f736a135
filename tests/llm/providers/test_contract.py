"""What every provider does, whatever its wire format."""

import asyncio

import pytest

from llm.errors import (
    LLMError,
    Misconfigured,
    Overloaded,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
)
from llm.providers import build
from llm.types import Delta, Message, Schema, Tool, ToolCall, Usage
from tests.llm.providers.conftest import KEY, MODELS, Asked, site
from tests.wire import (
    Answer,
    Call,
    Tokens,
    WireServer,
    cut_after,
    error_event,
    hang,
    raw,
    refusal,
    silent_eof,
    status,
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


FAULTS = [
    (status(400), Rejected, False, False),
    (status(401), Misconfigured, False, True),
    (status(402), Misconfigured, False, True),
    (status(403), Misconfigured, False, True),
    (status(404), Misconfigured, False, True),
    (status(408), Unavailable, True, True),
    (status(409), Unavailable, True, True),
    (status(413), Rejected, False, False),
    (status(422), Rejected, False, False),
    (status(429), RateLimited, True, True),
    (status(429, code="insufficient_quota"), Misconfigured, False, True),
    (status(429, code="enforced_spend_limit_reached"), Misconfigured, False, True),
    (status(400, message="Your credit balance is too low to access the API"), Misconfigured, False, True),
    (status(400, message="prompt is too long: 9 tokens > 8"), Rejected, False, False),
    (status(500), Unavailable, True, True),
    (status(502), Unavailable, True, True),
    (status(503), Overloaded, True, True),
    (status(529), Overloaded, True, True),
]


@pytest.mark.parametrize(("answer", "kind", "retryable", "elsewhere"), FAULTS)
async def test_knows_what_a_status_means(
    asked: Asked, wire: WireServer, answer: Answer, kind: type[LLMError], retryable: bool, elsewhere: bool
) -> None:
    wire.script(answer)
    with pytest.raises(LLMError) as caught:
        await asked.ask()
    error = caught.value
    assert (type(error), error.retryable, error.elsewhere) == (kind, retryable, elsewhere)
    assert answer.message in error.detail
    assert error.sentence.endswith(".")
    assert error.partial is None
    assert len(wire.requests) == 1  # the SDK's own retries are off


@pytest.mark.parametrize("code", [429, 503, 529])
async def test_passes_on_how_long_to_wait(asked: Asked, wire: WireServer, code: int) -> None:
    wire.script(status(code, retry_after=12))
    with pytest.raises(LLMError) as caught:
        await asked.ask()
    assert caught.value.retry_after == 12


async def test_never_shows_the_key_and_bounds_what_the_provider_says(asked: Asked, wire: WireServer) -> None:
    wire.script(status(401, message=f"Incorrect key: {KEY}. " + "x" * 10_000))
    with pytest.raises(Misconfigured) as caught:
        await asked.ask()
    told = str(caught.value)
    assert len(told) < 700
    if asked.name != "local":  # it has no key
        assert KEY not in told
        assert f"{asked.name.upper()}_API_KEY" in caught.value.sentence


@pytest.mark.parametrize("answer", [cut_after("par", "tial"), silent_eof("par", "tial")])
async def test_an_answer_that_breaks_off_keeps_what_came(
    asked: Asked, wire: WireServer, answer: Answer
) -> None:
    wire.script(answer)
    with pytest.raises(Unavailable, match="broke off") as caught:
        await asked.ask()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "partial"
    assert caught.value.partial.estimated
    assert caught.value.partial.usage.output_tokens == 2
    assert caught.value.partial.usage.input_tokens > 0


async def test_an_empty_body_is_no_answer(asked: Asked, wire: WireServer) -> None:
    wire.script(raw(b"<html>Welcome</html>", content_type="text/html"))
    with pytest.raises(Unavailable, match="text/html") as caught:
        await asked.ask()
    assert caught.value.partial is None


ERROR_EVENTS = [("overloaded_error", Overloaded), ("rate_limit_error", RateLimited), ("odd", Unavailable)]


@pytest.mark.parametrize(("error", "kind"), ERROR_EVENTS)
async def test_an_error_inside_the_stream_is_the_same_error(
    asked: Asked, wire: WireServer, error: str, kind: type[LLMError]
) -> None:
    wire.script(error_event(error, "par"))
    with pytest.raises(kind) as caught:
        await asked.ask()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "par"


@pytest.mark.parametrize(
    "body", [b"data: {nonsense\n\n", b'data: {"choices": 3, "delta": 4}\n\n', b"data: \xff\n\n"]
)
async def test_garbage_in_the_stream_is_an_error_of_ours(asked: Asked, wire: WireServer, body: bytes) -> None:
    wire.script(raw(body))
    with pytest.raises(Unavailable):
        await asked.ask()


async def test_an_event_without_end_is_not_swallowed(asked: Asked, wire: WireServer) -> None:
    wire.script(raw(b"data: " + b"x" * (2 << 20)))
    with pytest.raises(Unavailable, match="1048576 bytes"):
        await asked.ask()


@pytest.mark.parametrize("name", MODELS)
async def test_says_when_nothing_answers(name: str) -> None:
    with WireServer() as gone:
        pass
    provider = build(site(gone))[name]
    with pytest.raises(Unavailable) as caught:
        await Asked(name, provider).ask()
    await provider.close()
    expected = "manage.py start" if name == "local" else "could not be reached"
    assert expected in caught.value.sentence


async def test_stopping_closes_the_connection(asked: Asked, wire: WireServer) -> None:
    gate = wire.gate()
    wire.script(text("one", "two", gate=gate))
    first = asyncio.Event()

    async def emit(delta: Delta) -> None:
        if delta.text:
            first.set()

    answering = asyncio.create_task(asked.provider(asked.request(), emit))
    gate.let()
    await first.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await wire.until(lambda: wire.requests[0].closed and wire.connections == 0)


async def test_stopping_before_the_answer_closes_the_connection(asked: Asked, wire: WireServer) -> None:
    wire.script(hang())
    answering = asyncio.create_task(asked.ask())
    await wire.until(lambda: wire.streams == 1)
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await wire.until(lambda: wire.requests[0].closed)


async def test_a_slow_reader_slows_the_provider_down(asked: Asked, wire: WireServer) -> None:
    pieces = ("x" * 64_000,) * 500
    wire.script(text(*pieces))
    go = asyncio.Event()

    async def emit(delta: Delta) -> None:
        if delta.text:
            await go.wait()

    answering = asyncio.create_task(asked.provider(asked.request(), emit))
    await wire.until(lambda: wire.requests != [] and wire.requests[0].stalled)
    assert wire.requests[0].sent < len(pieces)
    go.set()
    assert len((await answering).text) == 500 * 64_000


async def test_leaves_no_connection_open_on_this_machine(asked: Asked, wire: WireServer) -> None:
    wire.always(text("ok"))
    for _ in range(3):
        await asked.ask()
    await wire.until(lambda: wire.connections == 0)


async def test_reads_the_body_to_its_end(asked: Asked, wire: WireServer) -> None:
    tail = wire.gate()
    wire.script(text("ok", tail=tail))
    answering = asyncio.create_task(asked.ask())
    await wire.until(lambda: wire.requests != [] and wire.requests[0].written)
    done, _ = await asyncio.wait({answering}, timeout=0.1)
    assert not done
    tail.let()
    assert (await answering).text == "ok"
    await wire.until(lambda: wire.streams == 0)
    assert not wire.requests[0].closed


async def test_does_not_wait_for_ever_for_the_end_of_the_body(asked: Asked, wire: WireServer) -> None:
    wire.script(text("ok", tail=wire.gate()))
    assert (await asked.ask()).text == "ok"
    await wire.until(lambda: wire.requests[0].closed)


async def test_many_calls_at_once_share_no_text(asked: Asked, wire: WireServer) -> None:
    wire.always(text("a", "b", "c"))
    replies = await asyncio.gather(*(asked.ask() for _ in range(50)))
    assert {reply.text for reply in replies} == {"abc"}


async def test_an_error_of_the_reader_is_not_the_providers(asked: Asked, wire: WireServer) -> None:
    wire.script(text("a", "b"))

    async def emit(delta: Delta) -> None:
        raise ConnectionResetError("the reader is gone")

    with pytest.raises(ConnectionResetError):
        await asked.provider(asked.request(), emit)


async def test_text_that_is_not_unicode_is_rejected(asked: Asked, wire: WireServer) -> None:
    with pytest.raises(Rejected):
        await asked.ask(messages=(Message(role="user", content="\ud800"),))


@pytest.mark.parametrize("name", MODELS)
async def test_a_proxy_is_not_asked_for_this_machine(
    name: str, wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    wire.script(text("ok"))
    provider = build(site(wire))[name]
    assert (await Asked(name, provider).ask()).text == "ok"
    await provider.close()


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
