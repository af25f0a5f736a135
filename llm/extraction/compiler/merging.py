"""Two schemas that must both hold, as one. Only what can be said without loss."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.compiler.report import Inexpressible
from llm.extraction.subschemas import Path

NOTES = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"})
LARGER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
SMALLER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})


def merged(first: Any, second: Any, path: Path) -> Any:
    """Return the schema of what satisfies both; raises Inexpressible."""
    if first is False or second is False:
        return False
    if not isinstance(first, Mapping) or not first:
        return second
    if not isinstance(second, Mapping) or not second:
        return first
    both = {**first}
    for word, value in second.items():
        both[word] = _word(word, both[word], value, path) if word in both else value
    _closed(first, second, path)
    return both


def _word(word: str, first: Any, second: Any, path: Path) -> Any:
    if first == second or word in NOTES:
        return first
    if word in LARGER:
        return max(first, second)
    if word in SMALLER:
        return min(first, second)
    if word == "required":
        return list(dict.fromkeys([*first, *second]))
    if word == "properties":
        return {**first, **{name: _property(name, first, child, path) for name, child in second.items()}}
    if word in {"items", "additionalProperties"}:
        return merged(first, second, (*path, word))
    if word == "enum":
        return [value for value in first if value in second]
    if word == "type":
        return _type(first, second)
    raise Inexpressible((*path, word), f"Two parts that both say {word!r} cannot be put into one.")


def _property(name: str, first: Mapping[str, Any], child: Any, path: Path) -> Any:
    return merged(first[name], child, (*path, "properties", name)) if name in first else child


def _type(first: str | list[str], second: str | list[str]) -> list[str] | str:
    kinds = _kinds(first)
    others = _kinds(second)
    both = [
        kind
        for kind in dict.fromkeys([*kinds, *others])
        if (kind in kinds or (kind == "integer" and "number" in kinds))
        and (kind in others or (kind == "integer" and "number" in others))
    ]
    return both[0] if len(both) == 1 else both


def _kinds(kind: str | list[str]) -> list[str]:
    return [kind] if isinstance(kind, str) else list(kind)


def _closed(first: Mapping[str, Any], second: Mapping[str, Any], path: Path) -> None:
    """A part that is closed shuts out what the other part names."""
    for one, other in ((first, second), (second, first)):
        more = one.get("additionalProperties", True)
        names = set(other.get("properties", {})) - set(one.get("properties", {}))
        if more not in (True, {}) and names:
            raise Inexpressible((*path, "additionalProperties"), "It shuts out what another part asks for.")
