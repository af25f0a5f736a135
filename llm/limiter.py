"""Rates that hold in this process; `shared_limiter` has the same across all of them."""

import time
from collections import deque
from collections.abc import Callable

from limits import RateLimitItem, parse

LEAST_WAIT = 0.01  # seconds


class Window:
    """What was taken of one rate in the last `seconds`, oldest first."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.taken = 0
        self._hits: deque[tuple[float, int]] = deque()

    def forget(self, now: float) -> None:
        """Leave out what is older than the window."""
        while self._hits and self._hits[0][0] <= now - self.seconds:
            self.taken -= self._hits.popleft()[1]

    def take(self, now: float, cost: int) -> None:
        self.taken += cost
        self._hits.append((now, cost))

    def until_free(self, now: float) -> float:
        """Return the seconds until the oldest hit falls out of the window."""
        return max(self._hits[0][0] + self.seconds - now, LEAST_WAIT)


class Limiter:
    """Counts hits in moving windows, so that a limit holds at the border of two minutes too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, Window] = {}  # the one that was used last comes last

    async def take(self, rate: RateLimitItem, *key: str, cost: int = 1) -> float:
        """Take `cost` of `rate` for `key`; returns 0.0, or the seconds until it is worth asking again."""
        now, name = self._clock(), rate.key_for(*key)
        cost = min(cost, rate.amount)
        window = self._windows.pop(name) if name in self._windows else Window(rate.get_expiry())
        self._windows[name] = window
        window.forget(now)
        if window.taken + cost > rate.amount:
            return window.until_free(now)
        window.take(now, cost)
        self._drop_one_unused(now)
        return 0.0

    def _drop_one_unused(self, now: float) -> None:
        """Look at the one that was used longest ago: as many go as come."""
        name = next(iter(self._windows))
        oldest = self._windows[name]
        oldest.forget(now)
        if not oldest.taken:
            del self._windows[name]


def rate(text: str) -> RateLimitItem:
    """Read `60/minute`."""
    return parse(text)
