"""What pricing calls anew comes to, model by model; in billionths of a dollar, which add up exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from llm.models import Call
from llm.usage.figures import NANO

PLACES = Decimal(1) / NANO


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Calls and what they cost `before` and `after`; `changed` of them differ.

    `unknown` have no price now: they keep what they cost.
    """

    calls: int = 0
    changed: int = 0
    unknown: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: Sum) -> Sum:
        mine, theirs = asdict(self), asdict(other)
        return Sum(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def difference(self) -> Decimal:
        """By how many dollars it is more than before."""
        return Decimal(self.after - self.before) / NANO

    @property
    def old(self) -> Decimal:
        return Decimal(self.before) / NANO

    @property
    def new(self) -> Decimal:
        return Decimal(self.after) / NANO


type Sums = dict[str, Sum]


def of_call(call: Call, cost: Decimal | None) -> Sum:
    """Return the sum of one call, whose cost by the prices of now is `cost`."""
    before = _nano(call.cost)
    if cost is None:
        return Sum(calls=1, unknown=1, before=before, after=before)
    return Sum(calls=1, changed=int(cost != call.cost), before=before, after=_nano(cost))


def added(*parts: Sums) -> Sums:
    """Return the sums of all."""
    found: Sums = {}
    for part in parts:
        for model, one in part.items():
            found[model] = found.get(model, Sum()) + one
    return found


def total(sums: Mapping[str, Sum]) -> Sum:
    """Return the sum over all models."""
    return sum(sums.values(), Sum())


def dumped(sums: Sums) -> dict[str, Any]:
    """Return them as a row keeps them."""
    return {model: asdict(one) for model, one in sums.items()}


def loaded(kept: Mapping[str, Any]) -> Sums:
    """Return what `dumped` made, the largest difference first."""
    sums = {model: Sum(**one) for model, one in kept.items()}
    return dict(sorted(sums.items(), key=lambda item: (-abs(item[1].difference), item[0])))


def rounded(cost: Decimal | None) -> Decimal | None:
    """Return a cost as the ledger keeps it."""
    return None if cost is None else cost.quantize(PLACES)


def grouped(pairs: Iterable[tuple[Call, Decimal | None]]) -> Sums:
    """Return the sums of calls and their new costs."""
    return added(*({f"{call.provider}:{call.model}": of_call(call, cost)} for call, cost in pairs))


def _nano(cost: Decimal | None) -> int:
    return 0 if cost is None else int(cost * NANO)
