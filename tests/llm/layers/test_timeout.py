import asyncio

import pytest

from llm.errors import TimedOut
from llm.layers.timeout import Timeout
from llm.types import Delta, Emit, Reply, Request, discard
from tests.llm.layers.fakes import Collected, Held, Script, answer, ask

SOON = 0.02  # seconds; nothing below waits longer than a few of these


async def in_(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_an_answer_in_time_passes() -> None:
    reader = Collected()
    reply = await Timeout(5)(ask(), reader, Script([["Hel", "lo"]]))
    assert (reply.text, reader.texts) == ("Hello", ["Hel", "lo"])


async def test_a_model_that_never_begins_is_given_up() -> None:
    held = Held("Hi")
    with pytest.raises(TimedOut, match=r"silent for 0\.02 seconds"):
        await Timeout(SOON)(ask(), discard, held)
    assert held.cancelled


async def test_a_model_that_falls_silent_between_two_tokens_is_given_up() -> None:
    held, reader = Held("Once", "upon"), Collected()
    held.release(1)
    with pytest.raises(TimedOut, match="silent"):
        await Timeout(SOON)(ask(), reader, held)
    assert reader.texts == ["Once"]


async def test_a_sign_of_life_without_text_is_one() -> None:
    async def thinks(request: Request, emit: Emit) -> Reply:
        for _ in range(6):
            await asyncio.sleep(SOON)
            await emit(Delta())
        return answer("42")

    reply = await Timeout(3 * SOON)(ask(), discard, thinks)
    assert reply.text == "42"


async def test_a_slow_reader_is_not_a_slow_model() -> None:
    async def reads_slowly(_: Delta) -> None:
        await asyncio.sleep(3 * SOON)

    reply = await Timeout(SOON)(ask(), reads_slowly, Script([["Hi"]]))
    assert reply.text == "Hi"


async def test_the_whole_call_has_an_end_too() -> None:
    async def chatters(request: Request, emit: Emit) -> Reply:
        while True:
            await emit(Delta(text="and "))
            await asyncio.sleep(0)

    with pytest.raises(TimedOut, match="time for it was over"):
        await Timeout(5)(ask(expires=await in_(SOON)), discard, chatters)


async def test_the_end_counts_while_a_reader_holds_things_up() -> None:
    async def never_reads(_: Delta) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimedOut, match="time for it was over"):
        await Timeout(5)(ask(expires=await in_(SOON)), never_reads, Script([["Hi"]]))


async def test_a_time_out_of_another_kind_is_not_taken_for_ours() -> None:
    with pytest.raises(TimeoutError, match="the reader's own"):
        await Timeout(5)(ask(), discard, Script([TimeoutError("the reader's own")]))
