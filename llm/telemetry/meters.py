"""Numbers of this process, in plain dictionaries: they are written on its loop, where nothing else runs.

A number costs a dictionary's entry a call and nothing a token. A name has at most MOST series: what callers
make up (a model, a feature) cannot fill the memory.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal

MOST = 500
OTHER = "other"
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

type Labels = tuple[str, ...]
type Sample = tuple[str, dict[str, str], float]  # the suffix of the name, the labels, the value


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All series of one name, as they stand now; it travels between processes as JSON."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    says: str
    samples: list[Sample] = field(default_factory=list)


class Meter[V](ABC):
    """The series of one name, by the values of its labels."""

    def __init__(self, name: str, says: str, *labels: str) -> None:
        self.name = name
        self.says = says
        self.labels = labels
        self.series: dict[Labels, V] = {}
        _meters.append(self)

    @abstractmethod
    def family(self) -> Family:
        """Return what it says now."""

    def _bounded(self, values: Labels) -> Labels:
        if values in self.series or len(self.series) < MOST:
            return values
        return (OTHER,) * len(self.labels)

    def _named(self, values: Labels) -> dict[str, str]:
        return dict(zip(self.labels, values, strict=True))


_meters: list[Meter[Any]] = []


class Counter(Meter[float]):
    """A number that grows."""

    def add(self, *values: str, by: float = 1.0) -> None:
        """Add to the series with these labels."""
        series = self._bounded(values)
        self.series[series] = self.series.get(series, 0.0) + by

    def family(self) -> Family:
        samples = [("", self._named(values), number) for values, number in self.series.items()]
        return Family(name=self.name, kind="counter", says=self.says, samples=samples)


class Gauge(Meter[float]):
    """A number that comes and goes: `read` tells it when somebody asks."""

    def __init__(self, name: str, says: str, read: Callable[[], float]) -> None:
        super().__init__(name, says)
        self.read = read

    def family(self) -> Family:
        return Family(name=self.name, kind="gauge", says=self.says, samples=[("", {}, float(self.read()))])


class Histogram(Meter[list[float]]):
    """How many seconds things took: a count for each of `bounds`, one beyond them, and the sum at the end."""

    def __init__(self, name: str, says: str, *labels: str, bounds: Sequence[float] = SECONDS) -> None:
        super().__init__(name, says, *labels)
        self.bounds = bounds

    def observe(self, seconds: float, *values: str) -> None:
        """Count one that took so long."""
        series = self._bounded(values)
        counts = self.series.setdefault(series, [0.0] * (len(self.bounds) + 2))
        counts[bisect_left(self.bounds, seconds)] += 1
        counts[-1] += seconds

    def family(self) -> Family:
        found = Family(name=self.name, kind="histogram", says=self.says)
        for values, (*counts, total) in self.series.items():
            labels = self._named(values)
            edges = [*(f"{bound:g}" for bound in self.bounds), "+Inf"]
            for edge, count in zip(edges, accumulate(counts), strict=True):
                found.samples.append(("_bucket", {**labels, "le": edge}, count))
            found.samples.extend([("_sum", labels, total), ("_count", labels, sum(counts))])
        return found


def families() -> list[Family]:
    """Return what all meters of this process say now; call it on the process's loop."""
    return [meter.family() for meter in _meters]
