"""The words of JSON Schema, by the kind of value that they speak of."""

from collections.abc import Mapping
from typing import Any

UNIONS = ("anyOf", "oneOf")
SCALARS = (str, int, float, bool, type(None))
LENGTHS = frozenset({"minItems", "maxItems"})
NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
TEXTS = frozenset({"minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"})
HINTS = frozenset({"format", "contentEncoding", "contentMediaType", "contentSchema"})
BOUNDS = NUMBERS | TEXTS
UNASKED_LISTS = frozenset({"uniqueItems", "contains", "minContains", "maxContains", "unevaluatedItems"})
UNASKED_NAMES = frozenset({"propertyNames", "minProperties", "maxProperties", "unevaluatedProperties"})
DEPENDENTS = frozenset({"dependentRequired", "dependentSchemas"})
STRUCTURE = frozenset({"type", "properties", "required", "additionalProperties"})

KINDS: dict[str, frozenset[str]] = {
    "object": STRUCTURE - {"type"} | UNASKED_NAMES | DEPENDENTS | {"patternProperties"},
    "array": UNASKED_LISTS | LENGTHS | {"items", "prefixItems"},
    "string": TEXTS,
    "number": NUMBERS,
    "integer": NUMBERS,
}


def kind_of(value: Any) -> str:
    """Return the narrowest type of a value that is no list or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) or value.is_integer() else "number"


def is_of(value: Any, kinds: str | list[str] | None) -> bool:
    """Say whether a scalar is of a `type`; every one is of None."""
    wanted = [kinds] if isinstance(kinds, str) else kinds
    kind = kind_of(value)
    return wanted is None or kind in wanted or (kind == "integer" and "number" in wanted)


def meant(schema: Mapping[str, Any]) -> str | None:
    """Return the kind that a schema without a type speaks of, if it is one alone."""
    spoken = [kind for kind in KINDS if kind != "integer" and not schema.keys().isdisjoint(KINDS[kind])]
    return spoken[0] if len(spoken) == 1 else None


def only(schema: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a schema without the words that mean nothing for this kind."""
    others = frozenset[str]().union(*KINDS.values()) - KINDS.get(kind, frozenset())
    return {word: value for word, value in schema.items() if word not in others}
