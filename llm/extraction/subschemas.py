"""Where schemas stand inside a JSON Schema; its words elsewhere (an enum's value) mean nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm.extraction.checking import LATEST, Draft

BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLE = frozenset(
    {"items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)

type Path = tuple[str | int, ...]


def walk(schema: Any, draft: Draft = LATEST) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every schema of the document that is no boolean, with its path, this one first."""
    waiting: list[tuple[Path, Any]] = [((), schema)]  # not by recursion: a schema may be deep
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, Mapping):
            yield path, found
            waiting.extend((path + step, child) for step, child in _children(found, draft))


def _children(schema: Mapping[str, Any], draft: Draft) -> Iterator[tuple[Path, Any]]:
    for word, value in schema.items():
        if isinstance(value, list):
            if word in LISTED or (word == "items" and draft.tuple_items):
                yield from (((word, number), child) for number, child in enumerate(value))
        elif word in BY_NAME or (word == "dependencies" and word in draft.words):
            yield from (((word, name), child) for name, child in _named(value))
        elif word in SINGLE or (word == "additionalItems" and draft.tuple_items):
            yield (word,), value


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
