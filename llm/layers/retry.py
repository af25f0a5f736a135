"""Ask the same model again while nothing was sent, the error allows it, and there is time for it."""

import asyncio
import logging
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable

from llm import catalog
from llm.errors import LLMError
from llm.layers.sent import Sent
from llm.telemetry.figures import RETRIES
from llm.types import Emit, Handler, Reply, Request

logger = logging.getLogger(__name__)

WINDOW = 60.0  # seconds over which retries are counted
SHARE = 0.1  # of the calls in the window: an outage is not amplified by more
FEW = 10  # retries a window that are always allowed, for sites with little traffic
FIRST, LONGEST = 0.5, 8.0  # seconds, the bounds of the back-off


class Allowance:
    """How many more calls a provider may get for failures; at most SHARE of what it got anyway."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._retries: deque[float] = deque()

    def call(self, now: float) -> None:
        """Note a first attempt."""
        self._forget(now)
        self._calls.append(now)

    def take(self, now: float) -> bool:
        """Take one retry if there is one."""
        self._forget(now)
        if len(self._retries) >= max(FEW, SHARE * len(self._calls)):
            return False
        self._retries.append(now)
        return True

    def _forget(self, now: float) -> None:
        for times in (self._calls, self._retries):
            while times and times[0] <= now - WINDOW:
                times.popleft()


class Retry:
    """At most `attempts` in all. Waits grow exponentially with full jitter; Retry-After is their minimum."""

    def __init__(
        self,
        attempts: int = 3,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.attempts = attempts
        self.sleep = sleep
        self.jitter = jitter
        self.allowances: defaultdict[str, Allowance] = defaultdict(Allowance)

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        sent = Sent(emit)
        allowance = self.allowances[catalog.split(request.model or "")[0]]
        allowance.call(_now())
        for attempt in range(1, self.attempts):
            try:
                return await call(request, sent)
            except LLMError as error:
                wait = self._wait(attempt, error)
                hopeless = sent.used or not error.retryable or _now() + wait >= request.expires
                if hopeless or not allowance.take(_now()):
                    raise
                RETRIES.add(request.model or "", error.code)
                logger.info(
                    "llm.retry",
                    extra={
                        "model": request.model,
                        "attempt": attempt,
                        "code": error.code,
                        "wait": round(wait, 2),
                    },
                )
            await self.sleep(wait)
            sent.restart()
        return await call(request, sent)

    def _wait(self, attempt: int, error: LLMError) -> float:
        backoff: float = self.jitter() * min(LONGEST, FIRST * 2 ** (attempt - 1))
        return (error.retry_after or 0.0) + backoff


def _now() -> float:
    return asyncio.get_running_loop().time()
