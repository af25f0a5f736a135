"""The provider for tests of those who build on Parley."""

import pytest

from llm.errors import Overloaded
from llm.providers.scripted import Scripted, ScriptExhausted, call, say
from llm.types import Delta, Message, Reply, Request, Usage

HI = Request(messages=(Message(role="user", content="Hi"),), model="local:smollm2")


async def ask(provider: Scripted) -> tuple[Reply, list[Delta]]:
    deltas: list[Delta] = []

    async def emit(delta: Delta) -> None:
        deltas.append(delta)

    return await provider(HI, emit), deltas


async def test_plays_its_steps_in_order_and_keeps_the_requests() -> None:
    provider = Scripted("Hello.", call("search", q="tea"), Overloaded(), lambda r: r.messages[0].content)
    assert (await ask(provider))[0].text == "Hello."
    reply, deltas = await ask(provider)
    assert (reply.finish, reply.tool_calls[0].arguments) == ("tool_calls", '{"q":"tea"}')
    assert deltas[0].tool_call == reply.tool_calls[0]
    with pytest.raises(Overloaded):
        await ask(provider)
    assert (await ask(provider))[0].text == "Hi"
    assert provider.requests == [HI] * 4


async def test_says_pieces_with_a_pause_before_each() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    usage = Usage(input_tokens=5, output_tokens=2)
    provider = Scripted(say("a", "b", pause=0.1, finish="length", usage=usage), sleep=sleep)
    reply, deltas = await ask(provider)
    assert [delta.text for delta in deltas] == ["a", "b"]
    assert (reply.text, reply.finish, reply.usage, slept) == ("ab", "length", usage, [0.1, 0.1])


async def test_says_so_when_the_script_is_over() -> None:
    with pytest.raises(ScriptExhausted, match="no answer for request 1"):
        await ask(Scripted())
