"""Prices that staff set, as this process knows them: a new one holds within a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llm import catalog
from llm.types import Usage

REMEMBERED = 1.0  # seconds
MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Dollars a million tokens from a moment on; a part without a price costs what its whole does."""

    starts_at: datetime
    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal | None:
        """Return dollars; None for counts that contradict each other."""
        fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        said = usage.output_tokens - usage.reasoning_tokens
        if fresh < 0 or said < 0:
            return None
        parts = (
            (fresh, self.input),
            (usage.cached_tokens, self.input if self.cached is None else self.cached),
            (usage.cache_write_tokens, self.input if self.cache_write is None else self.cache_write),
            (said, self.output),
            (usage.reasoning_tokens, self.output if self.reasoning is None else self.reasoning),
        )
        return sum((tokens * price for tokens, price in parts), Decimal(0)) / MILLION


class Book:
    """The rates of each `provider:model`, newest first."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._rates: Mapping[str, Sequence[Rate]] = {}
        self._read_at = float("-inf")

    @property
    def stale(self) -> bool:
        """True once a price may have been set that is not in it."""
        return self._monotonic() >= self._read_at + REMEMBERED

    def read(self) -> None:
        """Read all prices; blocks on the database."""
        from llm.models import ModelPrice  # the pipeline can be imported before the apps are ready

        now, found = self._monotonic(), dict[str, list[Rate]]()
        for row in ModelPrice.objects.order_by("-starts_at"):
            found.setdefault(f"{row.provider}:{row.model}", []).append(
                Rate(
                    starts_at=row.starts_at,
                    input=row.input,
                    output=row.output,
                    cached=row.cached,
                    cache_write=row.cache_write,
                    reasoning=row.reasoning,
                )
            )
        self._rates, self._read_at = found, now

    def rate(self, model: str, at: datetime) -> Rate | None:
        """Return what holds for `provider:model` at a moment; a dated name is its model's if it has none."""
        return self._of(model, at) or self._of(catalog.undated(model), at)

    def _of(self, model: str, at: datetime) -> Rate | None:
        return next((rate for rate in self._rates.get(model, ()) if rate.starts_at <= at), None)


book = Book()
