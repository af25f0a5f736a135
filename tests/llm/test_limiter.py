"""Rates in this process."""

from llm.limiter import Limiter, rate


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_the_window_moves_with_its_hits() -> None:
    clock = Clock()
    limiter, two = Limiter(clock), rate("2/minute")
    assert await limiter.take(two, "a") == 0.0
    clock.now += 50
    assert await limiter.take(two, "a") == 0.0
    clock.now += 5
    assert await limiter.take(two, "a") == 5.0
    clock.now += 5
    assert await limiter.take(two, "a") == 0.0
    assert await limiter.take(two, "a") == 50.0


async def test_keys_do_not_share() -> None:
    limiter, one = Limiter(Clock()), rate("1/minute")
    assert await limiter.take(one, "a") == 0.0
    assert await limiter.take(one, "b") == 0.0
    assert await limiter.take(one, "a") > 0


async def test_what_costs_more_than_the_whole_rate_takes_all_of_it() -> None:
    clock = Clock()
    limiter, tokens = Limiter(clock), rate("100/minute")
    assert await limiter.take(tokens, "a", cost=500) == 0.0
    assert await limiter.take(tokens, "a") == 60.0
    clock.now += 60
    assert await limiter.take(tokens, "a", cost=60) == 0.0
    assert await limiter.take(tokens, "a", cost=41) == 60.0
    assert await limiter.take(tokens, "a", cost=40) == 0.0


async def test_keys_that_nobody_uses_any_more_are_forgotten() -> None:
    clock = Clock()
    limiter, one = Limiter(clock), rate("1/minute")
    for number in range(1000):
        await limiter.take(one, str(number))
        clock.now += 1
    assert len(limiter._windows) <= 62
