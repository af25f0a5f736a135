"""Every reference of a schema made to lead to an entry of `$defs`, so that parts may be moved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any
from urllib.parse import unquote

from llm.extraction.checking import draft_of
from llm.extraction.compiler import words
from llm.extraction.compiler.merging import NOTES
from llm.extraction.compiler.report import Inexpressible
from llm.extraction.compiler.upgrading import upgraded
from llm.extraction.subschemas import BY_NAME, LISTED, SINGLE, Path, walk

HOME = "#/$defs/"
KNOWN = frozenset({"$ref", "enum", "const", "discriminator"}).union(
    NOTES, BY_NAME - {"$defs", "definitions"}, LISTED, SINGLE, *words.KINDS.values(), {"type"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A schema whose references all read `#/$defs/NAME`, and where each definition stood."""

    document: dict[str, Any]
    origins: Mapping[str, Path]


def settle(schema: Mapping[str, Any]) -> Settled:
    """Return an equal schema with its references settled; unused definitions are left out.

    Raises Inexpressible for a dynamic reference, and KeyError for one that leads nowhere.
    """
    move = _Move(schema)
    document = move.document()
    return Settled(document=document, origins=move.origins)


class _Move:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.root = schema
        self.draft = draft_of(schema)
        self.anchors = _anchors(schema)
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()
        self.origins: dict[str, Path] = {}
        self.waiting: list[tuple[str, Any]] = []

    def document(self) -> dict[str, Any]:
        document = self._copy(self.root)
        homes: dict[str, Any] = {}
        while self.waiting:
            name, target = self.waiting.pop()
            homes[name] = self._copy(target)
        return {**document, "$defs": homes} if homes else document

    def _copy(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        for word in ("$dynamicRef", "$recursiveRef"):
            if word in schema and word in self.draft.words:
                raise Inexpressible((word,), "A dynamic reference is followed by no provider.")
        schema = upgraded(schema, self.draft)
        return {word: self._word(word, value) for word, value in schema.items() if word in KNOWN}

    def _word(self, word: str, value: Any) -> Any:
        if word == "$ref":
            return HOME + self._name(value)
        if word in BY_NAME and isinstance(value, Mapping):
            return {name: self._copy(child) for name, child in value.items()}
        if word in LISTED and isinstance(value, list):
            return [self._copy(child) for child in value]
        return self._copy(value) if word in SINGLE else value

    def _name(self, reference: str) -> str:
        if reference not in self.names:
            stem = re.sub(r"\W+", "_", reference.rpartition("/")[2].lstrip("#")) or "root"
            name = next(n for n in chain([stem], (f"{stem}_{i}" for i in count(2))) if n not in self.taken)
            self.taken.add(name)
            self.names[reference] = name
            self.origins[name], target = self._target(reference)
            self.waiting.append((name, target))
        return self.names[reference]

    def _target(self, reference: str) -> tuple[Path, Any]:
        fragment = unquote(reference.removeprefix("#"))
        if fragment and not fragment.startswith("/"):
            return self.anchors[fragment]
        found: Any = self.root
        path: Path = ()
        for step in fragment.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found[int(key)] if isinstance(found, list) else found[key]
            path = (*path, key)
        return path, found


def _anchors(schema: Mapping[str, Any]) -> dict[str, tuple[Path, Any]]:
    return {
        part[word]: (path, part)
        for path, part in walk(schema)
        for word in ("$anchor", "$dynamicAnchor")
        if isinstance(part.get(word), str)
    }


def circles(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of those definitions that lead back to themselves."""
    homes = document.get("$defs", {})
    leads = {name: _names_in(home) for name, home in homes.items()}
    return frozenset(name for name in homes if name in _reached(leads, name))


def _names_in(schema: Any) -> set[str]:
    return {part["$ref"].removeprefix(HOME) for _, part in walk(schema) if "$ref" in part}


def _reached(leads: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(leads[start])
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting.extend(leads[name])
    return seen
