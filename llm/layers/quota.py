"""How many requests a person, and a key, may make. Refuses at once: the next model cannot dodge it."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from limits import RateLimitItem

from llm.errors import QuotaExceeded
from llm.limiter import Limiter
from llm.telemetry.figures import OVER_QUOTA
from llm.types import Emit, Handler, Reply, Request

BEHIND: Mapping[str, float] = MappingProxyType({"batch": 0.8})  # the share of features that nobody waits for


class Quota:
    """At most `rate` requests for each user and for each API key; calls of nobody are not counted.

    What runs in the background gets a share of it, so that it never leaves its owner without any.
    """

    def __init__(self, limiter: Limiter, rate: RateLimitItem) -> None:
        self.limiter = limiter
        self.rate = rate

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        owner = request.owner
        for kind, who in (("user", owner.user_id), ("key", owner.key_id)):
            if who is None:
                continue
            if share := BEHIND.get(request.feature):
                await self._count(self._part(share), kind, str(who), request.feature)
            await self._count(self.rate, kind, str(who))
        return await call(request, emit)

    def _part(self, share: float) -> RateLimitItem:
        return type(self.rate)(max(1, int(self.rate.amount * share)), self.rate.multiples)

    async def _count(self, rate: RateLimitItem, kind: str, who: str, *behind: str) -> None:
        wait = await self.limiter.take(rate, "quota", kind, who, *behind)
        if wait:
            OVER_QUOTA.add(kind)
            seconds = math.ceil(wait)
            raise QuotaExceeded(
                f"You may send {rate.amount:,} requests a {rate.GRANULARITY.name}. "
                f"Try again in {seconds} {'second' if seconds == 1 else 'seconds'}.",
                retry_after=wait,
            )
