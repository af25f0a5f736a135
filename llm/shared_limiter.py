"""Rates that hold across all processes at one Redis."""

import time

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from llm.limiter import LEAST_WAIT, Limiter
from llm.redis_link import LOST, RedisLink


class SharedLimiter(Limiter):
    """Counts in Redis; while it does not answer, each process counts for itself."""

    def __init__(self, link: RedisLink) -> None:
        super().__init__()
        self._link = link
        self._shared = MovingWindowRateLimiter(
            RedisStorage(
                "async+redis://",  # where it is, the pool knows
                implementation="redispy",
                key_prefix="parley",
                connection_pool=link.pool,  # type: ignore[arg-type]  # handed on to redis-py as it is
            )
        )

    async def take(self, rate: RateLimitItem, *key: str, cost: int = 1) -> float:
        """Take `cost` of `rate` for `key`; see Limiter."""
        if self._link.up:
            try:
                return await self._take_shared(rate, key, min(cost, rate.amount))
            except LOST as error:
                self._link.lost(error)
        return await super().take(rate, *key, cost=cost)

    async def _take_shared(self, rate: RateLimitItem, key: tuple[str, ...], cost: int) -> float:
        if await self._shared.hit(rate, *key, cost=cost):
            return 0.0
        stats = await self._shared.get_window_stats(rate, *key)
        return max(stats.reset_time - time.time(), LEAST_WAIT)
