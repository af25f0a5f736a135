"""Figures with how long people waited for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llm.amounts import NOTHING, percent
from llm.usage import Figures, Histogram, quantile
from llm.usage.waits import Wait

type Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What some calls came to, and histograms of the milliseconds to their first token and to their end."""

    figures: Figures = field(default_factory=Figures)
    first: Histogram = field(default_factory=Counter)
    total: Histogram = field(default_factory=Counter)

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            figures=self.figures + other.figures,
            first=self.first + other.first,
            total=self.total + other.total,
        )

    @property
    def error_share(self) -> str:
        return percent(self.figures.errors, self.figures.calls) if self.figures.calls else NOTHING

    @property
    def hit_share(self) -> str:
        return percent(self.figures.cached_calls, self.figures.answers) if self.figures.answers else NOTHING

    @property
    def is_failing(self) -> bool:
        """More than one call in fifty ends in an error, and it is not a single one."""
        return self.figures.errors > 1 and self.figures.errors * 50 > self.figures.calls

    def first_token(self, percent: int) -> int | None:
        return quantile(self.first, percent)

    def whole(self, percent: int) -> int | None:
        return quantile(self.total, percent)


def joined(
    figures: Mapping[Group, Figures], waits: Mapping[Wait, Mapping[Group, Histogram]]
) -> dict[Group, Seen]:
    """Return figures with their histograms, by the same groups."""
    first, total = waits["first_token"], waits["total"]
    return {
        group: Seen(figures=one, first=first.get(group, Counter()), total=total.get(group, Counter()))
        for group, one in figures.items()
    }


def folded(seen: Mapping[Group, Seen], *places: int) -> dict[Group, Seen]:
    """Return the same by fewer keys, those at some places of a group."""
    found: dict[Group, Seen] = {}
    for group, one in seen.items():
        key = tuple(group[place] for place in places)
        found[key] = found.get(key, Seen()) + one
    return found
