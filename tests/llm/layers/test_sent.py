from llm.layers.sent import Sent
from llm.types import Delta, ToolCall, Usage, discard
from tests.llm.layers.fakes import Collected


async def test_text_that_reached_a_reader_counts() -> None:
    sent = Sent(Collected())
    assert not sent.used
    await sent(Delta(text="Hi"))
    assert sent.used


async def test_a_tool_call_counts() -> None:
    sent = Sent(Collected())
    await sent(Delta(tool_call=ToolCall(id="1", name="calculate", arguments="{}")))
    assert sent.used


async def test_a_sign_of_life_does_not() -> None:
    sent = Sent(Collected())
    await sent(Delta())
    await sent(Delta(usage=Usage(input_tokens=3)))
    assert not sent.used


async def test_who_reads_no_deltas_has_seen_nothing() -> None:
    sent = Sent(discard)
    await sent(Delta(text="Hi"))
    assert not sent.used


async def test_what_is_sent_arrives() -> None:
    reader = Collected()
    await Sent(reader)(Delta(text="Hi"))
    assert reader.text == "Hi"


async def test_a_flight_knows_better_who_saw_what() -> None:
    class Flight(Collected):
        seen = False

    sent = Sent(Flight())
    await sent(Delta(text="Hi"))
    assert not sent.used


async def test_it_sees_through_others_of_its_kind() -> None:
    outer, inner = Sent(Sent(discard)), Sent(Sent(Collected()))
    for sent in (outer, inner):
        await sent(Delta(text="Hi"))
    assert (outer.used, inner.used) == (False, True)
