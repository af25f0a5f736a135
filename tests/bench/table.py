"""Rows of figures with what they were meant to be."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from statistics import median

__all__ = ["Row", "median", "shown"]

HEADS = ("measure", "Parley", "floor", "LiteLLM", "ratio", "goal", "holds")
MARKS = {True: "yes", False: "NO", None: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure: medians of ours, of the floor and of the peer, from one run. `holds` None: no goal."""

    measure: str
    ours: str
    floor: str = ""
    peer: str = ""
    ratio: str = ""
    goal: str = ""
    holds: bool | None = None


def shown(title: str, rows: Iterable[Row]) -> str:
    """Return a table in Markdown."""
    lines = [HEADS, *((*astuple(row)[:-1], MARKS[row.holds]) for row in rows)]
    head, *body = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([title, "", head, "|---" * len(HEADS) + "|", *body])
