"""What becomes of each constraint of a schema: the provider enforces it, we check it, or it is a hint."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm.extraction.checking import constrains
from llm.extraction.compiler.upgrading import as_written
from llm.extraction.compiler.words import HINTS
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
    """Pointers into the caller's schema, sorted; what an `allOf` or a reference brought is where it holds.

    `enforced`: the model cannot answer otherwise. `checked`: we check it and ask again. `hinted`: the model
    may be told, and nobody checks it, as the standard has it for most formats. `narrowed`: the model is held
    to less than the schema allows. `impossible`: why the provider's own enforcement was not used at all, as
    (pointer, sentence).
    """

    enforced: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    hinted: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    impossible: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Findings:
    """A report in the making, on the caller's `schema`."""

    schema: Mapping[str, Any]
    enforced: set[Path] = field(default_factory=set)
    checked: set[Path] = field(default_factory=set)
    hinted: set[Path] = field(default_factory=set)
    narrowed: set[Path] = field(default_factory=set)

    def note(
        self, path: Path, part: Mapping[str, Any], words: Iterable[str], *, kept: frozenset[str]
    ) -> None:
        """File those of the words that stand in the part and constrain under what is kept of each."""
        for word in words:
            if word not in part:
                continue
            if word in kept:
                self.enforced.add((*path, word))
            elif constrains(word, part[word]):
                self.checked.add((*path, word))
            elif word in HINTS:
                self.hinted.add((*path, word))

    def narrow(self, path: Path) -> None:
        """The model is held to less than the schema allows here."""
        self.narrowed.add(path)

    def report(self) -> Report:
        """Return what was found; what is enforced in one place and not in another is only checked."""
        return Report(
            enforced=self._pointers(self.enforced - self.checked - self.hinted),
            checked=self._pointers(self.checked),
            hinted=self._pointers(self.hinted),
            narrowed=self._pointers(self.narrowed),
        )

    def _pointers(self, paths: set[Path]) -> tuple[str, ...]:
        return tuple(sorted({pointer(as_written(path, self.schema)) for path in paths}))
