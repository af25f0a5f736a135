"""The provider for tests of those who build on Parley."""

import pytest
from pydantic import BaseModel

from llm.errors import Overloaded, RateLimited, Unavailable
from llm.providers.scripted import Scripted, ScriptExhausted, error, say, tool_call, when
from llm.types import Delta, Message, Reply, Request, ToolCall, Usage


class City(BaseModel):
    name: str


def asking(text: str = "Hi") -> Request:
    return Request(messages=(Message.user(text),), model="local:smollm2")


async def ask(provider: Scripted, text: str = "Hi") -> tuple[Reply, list[Delta]]:
    deltas: list[Delta] = []

    async def emit(delta: Delta) -> None:
        deltas.append(delta)

    return await provider(asking(text), emit), deltas


async def test_plays_its_steps_in_order_and_keeps_the_requests() -> None:
    provider = Scripted("Hello.", tool_call("search", q="tea"), Overloaded(), lambda r: r.messages[0].content)
    assert (await ask(provider))[0].text == "Hello."
    reply, deltas = await ask(provider)
    assert (reply.finish, reply.tool_calls[0].arguments) == ("tool_calls", '{"q": "tea"}')
    assert deltas[0].tool_call == reply.tool_calls[0]
    with pytest.raises(Overloaded):
        await ask(provider)
    assert (await ask(provider))[0].text == "Hi"
    assert [request.messages for request in provider.requests] == [asking().messages] * 4
    assert not provider.left


async def test_streams_a_text_word_by_word() -> None:
    reply, deltas = await ask(Scripted("It rains  today.\n"))
    assert [delta.text for delta in deltas] == ["It ", "rains  ", "today.\n"]
    assert (reply.text, reply.usage.output_tokens > 0) == ("It rains  today.\n", True)


async def test_says_objects_as_json() -> None:
    provider = Scripted({"name": "Köln"}, City(name="Bonn"), ["a"])
    assert [(await ask(provider))[0].text for _ in range(3)] == [
        '{"name": "Köln"}',
        '{"name":"Bonn"}',
        '["a"]',
    ]


async def test_says_pieces_with_a_pause_before_each() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    usage = Usage(input_tokens=5, output_tokens=2)
    provider = Scripted(say("a", "b", pause=0.1, finish="length", usage=usage), sleep=sleep)
    reply, deltas = await ask(provider)
    assert [delta.text for delta in deltas] == ["a", "b"]
    assert (reply.text, reply.finish, reply.usage, slept) == ("ab", "length", usage, [0.1, 0.1])


async def test_tells_tool_calls_apart_by_their_ids() -> None:
    own = ToolCall(id="mine", name="search", arguments="{}")
    reply, _ = await ask(Scripted(say("Wait. ", calls=(tool_call("a"), tool_call("a"), own))))
    assert [call.id for call in reply.tool_calls] == ["call_1", "call_2", "mine"]
    assert reply.text == "Wait. "


async def test_fails_in_mid_answer_with_what_it_has_said() -> None:
    with pytest.raises(Unavailable) as caught:
        await ask(Scripted(error(Unavailable, after="Once upon")))
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Once upon"
    with pytest.raises(RateLimited) as limited:
        await ask(Scripted(error(RateLimited(retry_after=3))))
    assert (limited.value.retry_after, limited.value.partial) == (3, None)


async def test_answers_what_matches_as_often_as_it_comes() -> None:
    provider = Scripted(
        when("weather", "It rains."), when(lambda r: bool(r.tools), tool_call("x")), "in order"
    )
    for _ in range(2):
        assert (await ask(provider, "What WEATHER is it?"))[0].text == "It rains."
    assert provider.left == ("in order",)
    assert (await ask(provider, "Hi"))[0].text == "in order"


async def test_says_so_when_the_script_is_over() -> None:
    provider = Scripted()
    with pytest.raises(ScriptExhausted, match="no answer for request 1"):
        await ask(provider)
    assert len(provider.unanswered) == 1
