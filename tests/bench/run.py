"""What a measure is told: how much time it has, and whether it may start the peer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.bench.table import Row


class Unreliable(Exception):
    """Something went on that makes the figures worthless; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`quick`: see that it works; `rounds`: how many make a median; `with_peer`: LiteLLM may be started."""

    quick: bool = False
    rounds: int = 3
    with_peer: bool = True

    def pick[T](self, full: T, quick: T) -> T:
        """Return the one of two sizes that fits this run."""
        return quick if self.quick else full


type Measure = Callable[[Run], Iterator[Row]]
