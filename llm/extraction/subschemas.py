"""Where schemas stand inside a JSON Schema; its words elsewhere (an enum's value) mean nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLE = frozenset(
    {"items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)

type Path = tuple[str | int, ...]


def children(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of every schema right below this one."""
    for word, value in schema.items():
        if word in BY_NAME and isinstance(value, Mapping):
            yield from (((word, name), child) for name, child in value.items())
        elif word in LISTED and isinstance(value, list):
            yield from (((word, number), child) for number, child in enumerate(value))
        elif word in SINGLE:
            yield (word,), value


def walk(schema: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every schema of the document with its path, this one first, without recursion."""
    waiting: list[tuple[Path, Any]] = [((), schema)]
    while waiting:
        path, found = waiting.pop()
        yield path, found
        if isinstance(found, Mapping):
            waiting.extend((path + step, child) for step, child in children(found))
