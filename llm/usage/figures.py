"""What calls add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from llm.amounts import charge
from llm.money import money

COUNTS = (
    "calls",
    "errors",
    "cached_calls",
    "unpriced_calls",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
)
NANO = 1_000_000_000  # a cost has nine decimals; integers add up exactly on every database


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over some calls. Answers from the cache are not `calls`, and their tokens were not used again.

    `known_cost` is the sum where the price is known; `unpriced_calls` used tokens that have none; `saved` is
    what the stored answers had cost.
    """

    calls: int = 0
    errors: int = 0
    cached_calls: int = 0
    unpriced_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    known_cost: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Figures:
        """Return the figures of a row whose columns are `sum_` and a name of COUNTS, `cost` or `saved`."""
        return cls(
            **{name: record[f"sum_{name}"] for name in COUNTS},
            known_cost=Decimal(record["sum_cost"]) / NANO,
            saved=Decimal(record["sum_saved"]) / NANO,
        )

    @classmethod
    def total(cls, parts: Iterable[Figures]) -> Figures:
        """Add any number of them up: far cheaper than one after the other."""
        columns: Iterable[Any] = zip(*map(_EACH, parts), strict=True)
        sums: dict[str, Any] = dict(zip(_NAMES, map(sum, columns), strict=False))  # empty where no parts are
        return cls(**sums)

    def __add__(self, other: Figures) -> Figures:
        return Figures.total((self, other))

    @property
    def cost(self) -> Decimal | None:
        """The least it cost, in US dollars; None rather than 0 where a price is unknown."""
        return None if self.unpriced_calls and not self.known_cost else self.known_cost

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def charge(self) -> str:
        """What was charged, in words: "free" only where tokens or stored answers came for nothing."""
        return charge(self.cost, used=bool(self.tokens or self.cached_calls))

    @property
    def answers(self) -> int:
        """Calls and answers from the cache."""
        return self.calls + self.cached_calls

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the API shows them."""
        counts = {name: getattr(self, name) for name in COUNTS}
        return {**counts, "cost": money(self.cost), "saved": money(self.saved)}


_NAMES = (*COUNTS, "known_cost", "saved")
_EACH = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one combination of keys."""

    keys: Mapping[str, Any]
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Rows in the order of their keys, and what they add up to."""

    rows: tuple[Row, ...]
    total: Figures

    def folded(self, *keys: str) -> dict[tuple[Any, ...], Figures]:
        """Return the figures by fewer keys."""
        folded: dict[tuple[Any, ...], list[Figures]] = {}
        for row in self.rows:
            folded.setdefault(tuple(row.keys[name] for name in keys), []).append(row.figures)
        return {key: Figures.total(parts) for key, parts in folded.items()}
