"""Leave a model alone that is ill: fail at once, look again now and then."""

import time
from collections import deque
from collections.abc import Callable

from llm.errors import BreakerOpen, LLMError
from llm.types import Emit, Handler, Reply, Request

WINDOW = 30.0  # seconds of history that decide
LEAST = 20  # calls in it before it decides at all
PROBE_EVERY = 5.0  # seconds between two looks at a model that was ill


class Circuit:
    """The recent health of one model."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._probe_at: float | None = None  # None: closed

    @property
    def is_open(self) -> bool:
        return self._probe_at is not None

    @property
    def retry_after(self) -> float:
        """Seconds until the next probe; 0.0 when closed."""
        return 0.0 if self._probe_at is None else max(self._probe_at - self._clock(), 0.0)

    def admit(self) -> bool:
        """May this call go? An open circuit lets one through at a time, as a probe."""
        if self._probe_at is None:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_EVERY
        return True

    def note(self, *, well: bool) -> None:
        """Learn how a call went."""
        now = self._clock()
        if self.is_open:
            if well:
                self._close()
            return
        self._calls.append((now, well))
        self._failed += not well
        while self._calls[0][0] < now - WINDOW:
            self._failed -= not self._calls.popleft()[1]
        if len(self._calls) >= LEAST and 2 * self._failed >= len(self._calls):
            self._probe_at = now + PROBE_EVERY

    def _close(self) -> None:
        self._probe_at = None
        self._calls.clear()
        self._failed = 0


class Breaker:
    """One circuit for each `provider:model`; only illness opens it, never a wrong request or a limit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.circuits: dict[str, Circuit] = {}

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        circuit = self.circuits.setdefault(request.model or "", Circuit(self.clock))
        if not circuit.admit():
            raise BreakerOpen(
                f"{request.model} failed too often just now and is left alone.",
                retry_after=circuit.retry_after,
            )
        try:
            reply = await call(request, emit)
        except LLMError as error:
            circuit.note(well=not error.ill)
            raise
        circuit.note(well=True)
        return reply

    def states(self) -> dict[str, float]:
        """Return the seconds to the next probe of each model whose circuit is open."""
        return {model: circuit.retry_after for model, circuit in self.circuits.items() if circuit.is_open}
