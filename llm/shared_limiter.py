"""Rates that hold across all processes at one Redis."""

from limits import RateLimitItem
from limits.aio.storage import RedisStorage

from llm.limiter import Limiter
from llm.redis_link import LOST, RedisLink


class SharedLimiter(Limiter):
    """Counts in Redis; while it does not answer, each process counts for itself."""

    def __init__(self, link: RedisLink) -> None:
        super().__init__(
            RedisStorage(
                "async+redis://",  # where it is, the pool knows
                implementation="redispy",
                key_prefix="parley",
                connection_pool=link.pool,  # type: ignore[arg-type]  # handed on to redis-py as it is
            )
        )
        self._link = link
        self._alone = Limiter()

    async def take(self, rate: RateLimitItem, *key: str, cost: int = 1) -> float:
        """Take `cost` of `rate` for `key`; see Limiter."""
        if self._link.up:
            try:
                return await super().take(rate, *key, cost=cost)
            except LOST as error:
                self._link.lost(error)
        return await self._alone.take(rate, *key, cost=cost)
