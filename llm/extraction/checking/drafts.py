"""The drafts of JSON Schema, and in what they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from referencing import Specification
from referencing.jsonschema import DRAFT4, DRAFT6, DRAFT7, DRAFT201909, DRAFT202012

_FIRST = frozenset(
    {"$ref", "additionalItems", "additionalProperties", "allOf", "anyOf", "dependencies", "enum", "items"}
    | {"maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties"}
    | {"minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "properties", "required"}
    | {"type", "uniqueItems", "format"}
)
_SIXTH = _FIRST | {"const", "contains", "exclusiveMaximum", "exclusiveMinimum", "propertyNames"}
_SEVENTH = _SIXTH | {"if"}
_SPLIT = (_SEVENTH - {"dependencies"}) | {"dependentRequired", "dependentSchemas"}
_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`words` are the keywords that constrain. `lone_ref`: what stands beside `$ref` means nothing;
    `whole_floats`: 1.0 is an integer; `tuple_items`: a list of schemas may stand under `items`;
    `exclusive_flags`: `exclusiveMinimum` is a boolean; `counted_contains`: `minContains` has a meaning."""

    uri: str
    specification: Specification[Any]
    words: frozenset[str]
    lone_ref: bool = False
    whole_floats: bool = True
    tuple_items: bool = False
    exclusive_flags: bool = False
    counted_contains: bool = True


LATEST = Draft(
    uri="https://json-schema.org/draft/2020-12/schema",
    specification=DRAFT202012,
    words=(_SPLIT - {"additionalItems"}) | _UNEVALUATED | {"prefixItems", "$dynamicRef"},
)
_2019 = Draft(
    uri="https://json-schema.org/draft/2019-09/schema",
    specification=DRAFT201909,
    words=_SPLIT | _UNEVALUATED | {"$recursiveRef"},
    tuple_items=True,
)
_7 = Draft(
    uri="http://json-schema.org/draft-07/schema",
    specification=DRAFT7,
    words=_SEVENTH,
    lone_ref=True,
    tuple_items=True,
    counted_contains=False,
)
_6 = replace(_7, uri="http://json-schema.org/draft-06/schema", specification=DRAFT6, words=_SIXTH)
_4 = replace(
    _7,
    uri="http://json-schema.org/draft-04/schema",
    specification=DRAFT4,
    words=_FIRST,
    whole_floats=False,
    exclusive_flags=True,
)
DRAFTS = {draft.uri: draft for draft in (LATEST, _2019, _7, _6, _4)}
TOO_OLD = frozenset({"http://json-schema.org/draft-03/schema"})


def draft_of(schema: Any, default: Draft = LATEST) -> Draft:
    """Return the draft that `$schema` names; `default` for none and for an unknown one."""
    named = schema.get("$schema") if isinstance(schema, Mapping) else None
    return DRAFTS.get(named.rstrip("#"), default) if isinstance(named, str) else default
