"""Stay below what a provider allows: callers wait in order, and past a bound they are turned away at once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from limits import RateLimitItem

from llm import catalog
from llm.errors import DeadlinePassed, RateLimited, Shed
from llm.estimate import message_tokens
from llm.limiter import Limiter
from llm.telemetry.figures import THROTTLED
from llm.types import Emit, Handler, Reply, Request

UNFELT = 0.01  # seconds that are no wait
UNTHROTTLED = frozenset({"local"})  # it queues by itself, and nobody bans us


class Line:
    """The callers that wait for one provider, first come first served."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()  # asyncio's locks wake their waiters in order
        self.waiting = 0
        self.closed_until = 0.0  # the provider said when to come back


class Throttle:
    """At most `rate` requests and `tokens` tokens for each provider; waits up to the call's deadline."""

    def __init__(
        self,
        limiter: Limiter,
        rate: RateLimitItem,
        *,
        tokens: RateLimitItem | None = None,
        queue: int = 1000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limiter = limiter
        self.rate = rate
        self.tokens = tokens
        self.queue = queue
        self.sleep = sleep
        self.lines: defaultdict[str, Line] = defaultdict(Line)

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        provider, _ = catalog.split(request.model or "")
        if provider in UNTHROTTLED:
            return await call(request, emit)
        line = self.lines[provider]
        came = _now()
        await self._wait(line, provider, request)
        if (waited := _now() - came) > UNFELT:
            THROTTLED.observe(waited, provider)
        try:
            return await call(request, emit)
        except RateLimited as error:
            if error.retry_after:
                line.closed_until = max(line.closed_until, _now() + error.retry_after)
            raise

    async def _wait(self, line: Line, provider: str, request: Request) -> None:
        if line.waiting >= self.queue:
            raise Shed(f"{line.waiting:,} requests wait for {provider} already.", retry_after=5)
        line.waiting += 1
        try:
            async with asyncio.timeout_at(request.expires), line.turn:
                while wait := await self._seconds(line, provider, request):
                    if _now() + wait >= request.expires:
                        raise Shed(f"{provider} takes no more requests in time.", retry_after=wait)
                    await self.sleep(wait)
        except TimeoutError:
            raise DeadlinePassed(
                f"The time for this call was over before its turn at {provider} came."
            ) from None
        finally:
            line.waiting -= 1

    async def _seconds(self, line: Line, provider: str, request: Request) -> float:
        """Return 0.0 with the slot taken, or how long to wait before asking again."""
        if (closed := line.closed_until - _now()) > 0:
            return closed
        if self.tokens is not None:
            cost = sum(map(message_tokens, request.messages)) + (request.max_tokens or 0)
            if wait := await self.limiter.take(self.tokens, "tokens", provider, cost=cost):
                return wait
        return await self.limiter.take(self.rate, "requests", provider)


def _now() -> float:
    return asyncio.get_running_loop().time()
