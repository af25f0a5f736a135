import asyncio

import pytest

from llm.errors import Rejected, Unavailable
from llm.layers.retry import FEW, Allowance, Retry
from llm.types import discard
from tests.llm.layers.fakes import Collected, Script, ask


class Naps:
    """A sleep that takes no time and remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_tries_again_until_the_model_answers() -> None:
    naps, script = Naps(), Script([Unavailable(), Unavailable(), ["Hi"]])
    reply = await Retry(sleep=naps, jitter=lambda: 1.0)(ask(), discard, script)
    assert (reply.text, script.calls, naps.seconds) == ("Hi", 3, [0.5, 1.0])


async def test_gives_up_after_three_attempts() -> None:
    script = Script([Unavailable()])
    with pytest.raises(Unavailable):
        await Retry(sleep=Naps())(ask(), discard, script)
    assert script.calls == 3


async def test_a_wrong_request_is_not_sent_again() -> None:
    script = Script([Rejected()])
    with pytest.raises(Rejected):
        await Retry(sleep=Naps())(ask(), discard, script)
    assert script.calls == 1


async def test_stops_after_the_first_delta_that_reached_a_reader() -> None:
    async def cut(request, emit):  # type: ignore[no-untyped-def]
        await Script([["par"]])(request, emit)
        raise Unavailable

    reader = Collected()
    with pytest.raises(Unavailable):
        await Retry(sleep=Naps())(ask(), reader, cut)
    assert reader.text == "par"


async def test_retry_after_is_the_least_wait() -> None:
    naps = Naps()
    await Retry(sleep=naps, jitter=lambda: 0.0)(ask(), discard, Script([Unavailable(retry_after=7), ["Hi"]]))
    assert naps.seconds == [7]


async def test_never_waits_past_the_deadline_whatever_retry_after_says() -> None:
    naps, script = Naps(), Script([Unavailable(retry_after=3600), ["Hi"]])
    soon = asyncio.get_running_loop().time() + 60
    with pytest.raises(Unavailable):
        await Retry(sleep=naps)(ask(expires=soon), discard, script)
    assert (naps.seconds, script.calls) == ([], 1)


async def test_an_outage_is_not_amplified() -> None:
    retry, script = Retry(sleep=Naps()), Script([Unavailable()])
    for _ in range(1000):
        with pytest.raises(Unavailable):
            await retry(ask(), discard, script)
    assert 1000 < script.calls <= 1100


def test_the_allowance_grows_again_with_time() -> None:
    allowance = Allowance()
    assert [allowance.take(0.0) for _ in range(FEW + 1)] == [True] * FEW + [False]
    assert allowance.take(61.0)
