import asyncio
import math

import pytest

from llm.errors import DeadlinePassed, QuotaExceeded, RateLimited, Shed
from llm.layers.quota import Quota
from llm.layers.throttle import Throttle
from llm.limiter import Limiter, rate
from llm.types import Owner, discard
from tests.llm.layers.fakes import Held, Script, ask, until


async def test_a_full_window_makes_the_caller_wait() -> None:
    waits: list[float] = []

    async def nap(seconds: float) -> None:
        waits.append(seconds)
        throttle.limiter = Limiter()  # the window has passed

    throttle = Throttle(Limiter(), rate("2/minute"), sleep=nap)
    for _ in range(3):
        await throttle(ask(), discard, Script([["Hi"]]))
    assert len(waits) == 1
    assert 55 < waits[0] <= 60


async def test_a_wait_past_the_deadline_is_refused_at_once() -> None:
    throttle = Throttle(Limiter(), rate("1/minute"))
    await throttle(ask(), discard, Script([["Hi"]]))
    with pytest.raises(Shed) as error:
        await throttle(ask(expires=asyncio.get_running_loop().time() + 5), discard, Script([["Hi"]]))
    assert error.value.retry_after
    assert error.value.elsewhere


async def test_waiting_callers_are_served_in_order_and_past_the_bound_they_are_shed() -> None:
    served: list[int] = []
    gate = asyncio.Event()

    async def nap(_: float) -> None:
        await gate.wait()
        throttle.limiter = Limiter()

    throttle = Throttle(Limiter(), rate("1/minute"), queue=3, sleep=nap)
    await throttle(ask(), discard, Script([["Hi"]]))

    async def call(n: int) -> None:
        async def handler(request, emit):  # type: ignore[no-untyped-def]
            served.append(n)
            return await Script([["Hi"]])(request, emit)

        await throttle(ask(), discard, handler)

    tasks = [asyncio.create_task(call(n)) for n in range(3)]
    await until(lambda: throttle.lines["openai"].waiting == 3)
    with pytest.raises(Shed):
        await call(3)
    gate.set()
    await asyncio.gather(*tasks)
    assert served == [0, 1, 2]


async def test_a_provider_that_says_retry_after_closes_its_line() -> None:
    waits: list[float] = []

    async def nap(seconds: float) -> None:
        waits.append(seconds)
        throttle.lines["openai"].closed_until = 0

    throttle = Throttle(Limiter(), rate("60/minute"), sleep=nap)
    with pytest.raises(RateLimited):
        await throttle(ask(), discard, Script([RateLimited(retry_after=9)]))
    await throttle(ask(), discard, Script([["Hi"]]))
    assert [math.ceil(wait) for wait in waits] == [9]


async def test_who_waits_behind_others_gives_up_at_its_own_deadline() -> None:
    throttle = Throttle(Limiter(), rate("1/minute"))
    throttle.lines["openai"].closed_until = asyncio.get_running_loop().time() + 30
    first = asyncio.create_task(throttle(ask(), discard, Script([["Hi"]])))
    await until(lambda: throttle.lines["openai"].waiting == 1)
    with pytest.raises(DeadlinePassed):
        await throttle(ask(expires=asyncio.get_running_loop().time()), discard, Script([["Hi"]]))
    first.cancel()


async def test_the_local_model_is_never_throttled() -> None:
    throttle = Throttle(Limiter(), rate("1/minute"))
    for _ in range(5):
        await throttle(ask(model="local:smollm2"), discard, Script([["Hi"]]))


async def test_tokens_are_limited_too() -> None:
    throttle = Throttle(Limiter(), rate("60/minute"), tokens=rate("100/minute"))
    soon = asyncio.get_running_loop().time() + 5
    await throttle(ask(max_tokens=80, expires=soon), discard, Script([["Hi"]]))
    with pytest.raises(Shed):
        await throttle(ask(max_tokens=80, expires=soon), discard, Script([["Hi"]]))


async def test_a_person_over_the_quota_is_refused_at_once_and_others_are_not() -> None:
    quota, held = Quota(Limiter(), rate("2/minute")), Held()
    alice, bob = ask(owner=Owner(user_id=1)), ask(owner=Owner(user_id=2))
    held.release(5)
    await quota(alice, discard, held)
    await quota(alice, discard, held)
    with pytest.raises(
        QuotaExceeded, match=r"You may send 2 requests a minute. Try again in \d+ seconds."
    ) as error:
        await quota(alice, discard, held)
    assert not error.value.elsewhere
    assert error.value.retry_after
    assert 0 < error.value.retry_after <= 60
    await quota(bob, discard, held)
    assert held.calls == 3


async def test_what_runs_in_the_background_leaves_a_share_of_the_quota() -> None:
    quota, held = Quota(Limiter(), rate("5/minute")), Held()
    batch, person = ask(owner=Owner(user_id=1), feature="batch"), ask(owner=Owner(user_id=1))
    held.release(5)
    for _ in range(4):
        await quota(batch, discard, held)
    with pytest.raises(QuotaExceeded, match="You may send 4 requests a minute"):
        await quota(batch, discard, held)
    await quota(person, discard, held)
    with pytest.raises(QuotaExceeded, match="You may send 5 requests a minute"):
        await quota(person, discard, held)
    assert held.calls == 5
