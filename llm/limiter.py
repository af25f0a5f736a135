"""Rates that hold in this process, or across all of them when there is Redis."""

import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from llm.redis_link import LOST, RedisLink


class Limiter:
    """Counts hits in moving windows, so that a limit holds at the border of two minutes too.

    While Redis does not answer, each process counts for itself.
    """

    def __init__(self, link: RedisLink | None = None) -> None:
        self._link = link
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_storage(link)) if link else self._own

    async def take(self, rate: RateLimitItem, *key: str, cost: int = 1) -> float:
        """Take `cost` of `rate` for `key`; returns 0.0, or the seconds until it is worth asking again."""
        if self._link is None or not self._link.up:
            return await _take(self._own, rate, key, cost)
        try:
            return await _take(self._shared, rate, key, cost)
        except LOST as error:
            self._link.lost(error)
            return await _take(self._own, rate, key, cost)


def rate(text: str) -> RateLimitItem:
    """Read `60/minute`."""
    return parse(text)


def _storage(link: RedisLink) -> RedisStorage:
    return RedisStorage(
        "async+redis://",  # where it is, the pool knows
        implementation="redispy",
        key_prefix="parley",
        connection_pool=link.pool,  # type: ignore[arg-type]  # handed on to redis-py as it is
    )


async def _take(
    windows: MovingWindowRateLimiter, rate: RateLimitItem, key: tuple[str, ...], cost: int
) -> float:
    if await windows.hit(rate, *key, cost=min(cost, rate.amount)):
        return 0.0
    stats = await windows.get_window_stats(rate, *key)
    return max(stats.reset_time - time.time(), 0.01)
