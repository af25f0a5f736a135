"""How a stream is read: event by event, or what gathered in a pause at once."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from llm.errors import LLMError
from llm.providers.answer import Answer
from llm.providers.endpoint import Endpoint
from llm.providers.openai import Turn
from llm.providers.stream import MUCH, Body, read
from llm.types import Delta, Message, Request
from tests.wire import error_event, text
from tests.wire.openai import frames

ROLE, HEL, LO, YOU, *END = (frame for frame, _ in frames(text("Hel", "lo ", "you"), {}))
ERROR = list(frames(error_event("overloaded_error"), {}))[-1][0]


class Reading:
    """A stream that comes in `reads`, what was pushed of it, and the pauses that reading made."""

    def __init__(self, *reads: bytes, gather: float) -> None:
        self.reads = reads
        self.request = Request(messages=(Message.user("Hi"),), model="openai:m", gather=gather)
        self.pushed: list[str] = []
        self.pauses: list[float] = []

    async def begin(self) -> None:
        turn = Turn(Answer(self.request, self._push), Endpoint(title="A model", base_url=""))
        await read(Body(httpx2.Response(200, content=self._chunks()), sleep=self._pause), turn)

    async def _chunks(self) -> AsyncIterator[bytes]:
        for chunk in self.reads:
            yield chunk

    async def _push(self, delta: Delta) -> None:
        self.pushed.append(delta.text)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_each_event_is_handed_on_alone_and_at_once() -> None:
    stream = Reading(ROLE + HEL + LO, YOU, *END, gather=0)
    await stream.begin()
    assert (stream.pushed, stream.pauses) == (["Hel", "lo ", "you"], [])


async def test_what_gathered_is_handed_on_as_one_and_nothing_is_waited_for_but_more_text() -> None:
    stream = Reading(ROLE, HEL, LO + YOU, b"".join(END), gather=0.1)
    await stream.begin()
    assert stream.pushed == ["Hel", "lo you"]
    assert stream.pauses == [0.1, 0.1]  # none before the first text, none after the end


async def test_a_stream_that_brings_much_is_not_kept_waiting() -> None:
    [_, (long, _), *_] = frames(text("x" * MUCH), {})
    stream = Reading(ROLE + HEL, long[:-9], long[-9:], *END, gather=0.1)
    await stream.begin()
    assert stream.pauses == [0.1]


@pytest.mark.parametrize("gather", [0, 0.1])
async def test_what_was_said_before_an_error_is_handed_on(gather: float) -> None:
    stream = Reading(ROLE + HEL + ERROR, gather=gather)
    with pytest.raises(LLMError):
        await stream.begin()
    assert stream.pushed == ["Hel"]
