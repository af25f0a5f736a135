"""Rates that hold in this process; `shared_limiter` has the same across all of them."""

import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter


class Limiter:
    """Counts hits in moving windows, so that a limit holds at the border of two minutes too."""

    def __init__(self, storage: Storage | None = None) -> None:
        self._windows = MovingWindowRateLimiter(storage or MemoryStorage())

    async def take(self, rate: RateLimitItem, *key: str, cost: int = 1) -> float:
        """Take `cost` of `rate` for `key`; returns 0.0, or the seconds until it is worth asking again."""
        if await self._windows.hit(rate, *key, cost=min(cost, rate.amount)):
            return 0.0
        stats = await self._windows.get_window_stats(rate, *key)
        return max(stats.reset_time - time.time(), 0.01)


def rate(text: str) -> RateLimitItem:
    """Read `60/minute`."""
    return parse(text)
