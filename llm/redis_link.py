"""The process's line to Redis. While it is cut everybody goes on alone, and a log line a minute says so."""

import logging
import time
from collections.abc import Callable

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from llm import runloop

logger = logging.getLogger(__name__)

LOST = (RedisError, OSError)
CONNECTIONS = 50  # more callers than that wait for one
PATIENCE = 1.0  # seconds for Redis to answer
PAUSE = 5.0  # seconds for which a Redis that did not answer is left alone
QUIET = 60.0  # seconds between two warnings


class RedisLink:
    """One client a process. Made on the process's loop and closed with it."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),  # a connection that Redis has closed meanwhile
        )
        self.redis = Redis(connection_pool=self.pool)
        self._clock = clock
        self._back_at = self._warn_at = clock()
        runloop.on_close(self.close)

    @property
    def up(self) -> bool:
        """True unless Redis failed a moment ago."""
        return self._clock() >= self._back_at

    def lost(self, error: Exception) -> None:
        """Note that Redis did not answer."""
        now = self._clock()
        self._back_at = now + PAUSE
        if now >= self._warn_at:
            self._warn_at = now + QUIET
            logger.warning("llm.redis_lost", extra={"error": repr(error)})

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()
        await self.pool.disconnect()
