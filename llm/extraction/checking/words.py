"""Which word of a schema makes which check."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from llm.extraction.checking import arrays, combinations, objects, values
from llm.extraction.checking.drafts import LATEST, Draft
from llm.extraction.checking.run import Check
from llm.extraction.quotes import FORMAT


class At(Protocol):
    """A schema that is being compiled: itself, its draft, and the checks of what stands in it."""

    schema: Mapping[str, Any]
    draft: Draft

    def child(self, schema: Any, *steps: str | int) -> Check: ...

    def child_or_bool(self, schema: Any, *steps: str | int) -> Check | bool: ...

    def listed(self, word: str) -> list[Check]: ...

    def by_name(self, word: str) -> dict[str, Check]: ...


def _items(at: At) -> Check:
    schema = at.schema["items"]
    if at.draft.tuple_items and isinstance(schema, list):
        return arrays.prefix(at.listed("items"))
    start = len(at.schema.get("prefixItems", ())) if "prefixItems" in at.draft.words else 0
    return arrays.items(at.child_or_bool(schema, "items"), start, "items")


def _additional_items(at: At) -> Check | None:
    tuples = at.schema.get("items")
    if not isinstance(tuples, list):
        return None
    schema = at.child_or_bool(at.schema["additionalItems"], "additionalItems")
    return arrays.items(schema, len(tuples), "additionalItems")


def _additional_properties(at: At) -> Check:
    return objects.additional_properties(
        at.child_or_bool(at.schema["additionalProperties"], "additionalProperties"),
        frozenset(at.schema.get("properties", ())),
        tuple(at.schema.get("patternProperties", ())),
        "additionalProperties",
    )


def _contains(at: At) -> Check:
    counted = at.draft.counted_contains
    return arrays.contains(
        at.child(at.schema["contains"], "contains"),
        at.schema.get("minContains", 1) if counted else 1,
        at.schema.get("maxContains") if counted else None,
        speaks=True,
    )


def _dependencies(at: At) -> Check:
    table = at.schema["dependencies"]
    names = objects.dependent_required({n: v for n, v in table.items() if isinstance(v, list)})
    schemas = objects.dependent_schemas(
        {n: at.child(v, "dependencies", n) for n, v in table.items() if not isinstance(v, list)}
    )
    return combinations.all_of([names, schemas])


def _conditional(at: At) -> Check:
    then, otherwise = (at.child(at.schema[w], w) if w in at.schema else None for w in ("then", "else"))
    return combinations.if_(at.child(at.schema["if"], "if"), then, otherwise)


REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
BESIDE = frozenset({"then", "else", "minContains", "maxContains"})  # what `if` and `contains` look at
LAST = ("unevaluatedItems", "unevaluatedProperties")
LENGTHS: dict[str, tuple[type, Callable[[Any, Any], bool], str]] = {
    "minLength": (str, lambda n, limit: n >= limit, "is too short"),
    "maxLength": (str, lambda n, limit: n <= limit, "is too long"),
    "minItems": (list, lambda n, limit: n >= limit, "is too short"),
    "maxItems": (list, lambda n, limit: n <= limit, "is too long"),
    "minProperties": (dict, lambda n, limit: n >= limit, "has too few properties"),
    "maxProperties": (dict, lambda n, limit: n <= limit, "has too many properties"),
}
MAKERS: dict[str, Callable[[At], Check | None]] = {
    "enum": lambda at: values.enum(at.schema["enum"]),
    "const": lambda at: values.const(at.schema["const"]),
    "multipleOf": lambda at: values.multiple_of(at.schema["multipleOf"]),
    "pattern": lambda at: values.pattern(at.schema["pattern"]),
    "format": lambda at: values.quote if at.schema["format"] == FORMAT else None,
    "required": lambda at: objects.required(at.schema["required"]),
    "properties": lambda at: objects.properties(at.by_name("properties")),
    "patternProperties": lambda at: objects.pattern_properties(at.by_name("patternProperties")),
    "additionalProperties": _additional_properties,
    "propertyNames": lambda at: objects.property_names(at.child(at.schema["propertyNames"], "propertyNames")),
    "dependentRequired": lambda at: objects.dependent_required(at.schema["dependentRequired"]),
    "dependentSchemas": lambda at: objects.dependent_schemas(at.by_name("dependentSchemas")),
    "dependencies": _dependencies,
    "unevaluatedProperties": lambda at: objects.unevaluated_properties(
        at.child_or_bool(at.schema["unevaluatedProperties"], "unevaluatedProperties")
    ),
    "prefixItems": lambda at: arrays.prefix(at.listed("prefixItems")),
    "items": _items,
    "additionalItems": _additional_items,
    "contains": _contains,
    "uniqueItems": lambda at: arrays.unique if at.schema["uniqueItems"] else None,
    "unevaluatedItems": lambda at: arrays.unevaluated_items(
        at.child_or_bool(at.schema["unevaluatedItems"], "unevaluatedItems")
    ),
    "allOf": lambda at: combinations.all_of(at.listed("allOf")),
    "anyOf": lambda at: combinations.any_of(at.listed("anyOf")),
    "oneOf": lambda at: combinations.one_of(at.listed("oneOf")),
    "not": lambda at: combinations.not_(at.child(at.schema["not"], "not")),
    "if": _conditional,
}


def constrains(word: str, value: Any) -> bool:
    """Say whether a word of 2020-12 holds values to something; a format does not, but for quotes."""
    if word == "format":
        return bool(value == FORMAT)
    return word in LATEST.words or word in BESIDE
