"""How many requests a person, and a key, may make. Refuses at once: the next model cannot dodge it."""

import math

from limits import RateLimitItem

from llm.errors import QuotaExceeded
from llm.limiter import Limiter
from llm.telemetry.figures import OVER_QUOTA
from llm.types import Emit, Handler, Reply, Request


class Quota:
    """At most `rate` requests for each user and for each API key; calls of nobody are not counted."""

    def __init__(self, limiter: Limiter, rate: RateLimitItem) -> None:
        self.limiter = limiter
        self.rate = rate

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        owner = request.owner
        for kind, who in (("user", owner.user_id), ("key", owner.key_id)):
            if who is not None:
                await self._count(kind, str(who))
        return await call(request, emit)

    async def _count(self, kind: str, who: str) -> None:
        wait = await self.limiter.take(self.rate, "quota", kind, who)
        if wait:
            OVER_QUOTA.add(kind)
            seconds = math.ceil(wait)
            raise QuotaExceeded(
                f"You may send {self.rate.amount:,} requests a {self.rate.GRANULARITY.name}. "
                f"Try again in {seconds} {'second' if seconds == 1 else 'seconds'}.",
                retry_after=wait,
            )
