"""Rates that hold in this process, or across all of them when there is Redis."""

import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter


class Limiter:
    """Counts hits in moving windows, so that a limit holds at the border of two minutes too."""

    def __init__(self, redis_url: str = "") -> None:
        self._storage: Storage = (
            RedisStorage(f"async+{redis_url}", implementation="redispy", key_prefix="parley")
            if redis_url
            else MemoryStorage()
        )
        self._windows = MovingWindowRateLimiter(self._storage)

    async def take(self, rate: RateLimitItem, *key: str, cost: int = 1) -> float:
        """Take `cost` of `rate` for `key`; returns 0.0, or the seconds until it is worth asking again."""
        if await self._windows.hit(rate, *key, cost=min(cost, rate.amount)):
            return 0.0
        stats = await self._windows.get_window_stats(rate, *key)
        return max(stats.reset_time - time.time(), 0.01)


def rate(text: str) -> RateLimitItem:
    """Read `60/minute`."""
    return parse(text)
