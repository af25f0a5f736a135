"""What becomes of each constraint of a schema: the provider enforces it, or only we check it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from llm.extraction.pointers import pointer
from llm.extraction.subschemas import Path


class Inexpressible(Exception):
    """The dialect has no words for this part of the schema."""

    def __init__(self, path: Path, says: str) -> None:
        self.pointer = pointer(path)
        self.says = says
        super().__init__(says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Pointers into the caller's schema, sorted.

    `enforced`: the model cannot answer otherwise. `checked`: we check it and ask again. `narrowed`: the
    model is held to less than the schema allows. `impossible`: why the provider's own enforcement was not
    used at all, as (pointer, sentence).
    """

    enforced: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    impossible: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Findings:
    """A report in the making."""

    enforced: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    narrowed: set[str] = field(default_factory=set)

    def note(self, path: Path, words: Iterable[str], *, kept: frozenset[str]) -> None:
        """File each constraint under what is kept of it."""
        for word in words:
            (self.enforced if word in kept else self.checked).add(pointer((*path, word)))

    def narrow(self, path: Path) -> None:
        """The model is held to less than the schema allows here."""
        self.narrowed.add(pointer(path))

    def report(self) -> Report:
        """Return what was found; what is enforced in one place and not in another is only checked."""
        return Report(
            enforced=tuple(sorted(self.enforced - self.checked)),
            checked=tuple(sorted(self.checked)),
            narrowed=tuple(sorted(self.narrowed)),
        )
