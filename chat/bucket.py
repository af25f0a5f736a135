"""How fast one socket may send: a bucket of tokens that fills by itself."""

import time
from collections.abc import Callable

RATE = 30.0  # frames a second
BURST = 60.0


class Bucket:
    """Holds `burst` tokens and gains `rate` a second; `clock` counts seconds."""

    def __init__(
        self, rate: float = RATE, burst: float = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._seen = clock()

    def take(self) -> float:
        """Take a token; returns 0, or the seconds until there is one again."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
