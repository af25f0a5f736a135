import pytest

from llm.errors import BreakerOpen, LLMError, RateLimited, Rejected, Unavailable
from llm.layers.breaker import LEAST, PROBE_EVERY, WINDOW, Breaker
from llm.types import discard
from tests.llm.layers.fakes import Clock, Script, ask


async def fail(breaker: Breaker, error: LLMError, times: int = LEAST) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            await breaker(ask(), discard, Script([error]))


async def test_opens_when_half_of_twenty_calls_failed_and_then_fails_at_once() -> None:
    breaker = Breaker(Clock())
    for _ in range(LEAST // 2):
        await breaker(ask(), discard, Script([["Hi"]]))
    await fail(breaker, Unavailable(), LEAST // 2)
    script = Script([["Hi"]])
    with pytest.raises(BreakerOpen) as error:
        await breaker(ask(), discard, script)
    assert script.calls == 0
    assert error.value.elsewhere
    assert not error.value.retryable
    assert error.value.retry_after == PROBE_EVERY
    assert breaker.states() == {"openai:gpt-5.6-luna": PROBE_EVERY}


async def test_one_probe_goes_through_and_closes_it_when_it_is_well() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    await fail(breaker, Unavailable())
    clock.now += PROBE_EVERY
    await breaker(ask(), discard, Script([["Hi"]]))
    assert breaker.states() == {}
    await breaker(ask(), discard, Script([["Hi"]]))


async def test_a_failed_probe_keeps_it_open() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    await fail(breaker, Unavailable())
    clock.now += PROBE_EVERY
    await fail(breaker, Unavailable(), 1)
    with pytest.raises(BreakerOpen):
        await breaker(ask(), discard, Script([["Hi"]]))


@pytest.mark.parametrize("error", [Rejected(), RateLimited()])
async def test_wrong_requests_and_limits_are_no_illness(error: LLMError) -> None:
    breaker = Breaker(Clock())
    await fail(breaker, error, 2 * LEAST)
    assert breaker.states() == {}


async def test_old_failures_are_forgotten() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    await fail(breaker, Unavailable(), LEAST - 1)
    clock.now += WINDOW + 1
    await fail(breaker, Unavailable(), 1)
    assert breaker.states() == {}


async def test_another_model_is_not_concerned() -> None:
    breaker = Breaker(Clock())
    await fail(breaker, Unavailable())
    reply = await breaker(ask(model="openai:gpt-5.5"), discard, Script([["Hi"]]))
    assert reply.text == "Hi"
