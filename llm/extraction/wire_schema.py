"""What of a schema is told to the providers, so that it constrains the answer. We check all of it again.

Only words that narrow are sent, and only those that every provider of the call takes. Tried with llama.cpp's
grammars: a boolean schema, `$ref: "#"` and anchors are refused; a number's bounds are ignored; a pattern is
ignored, lets quotes through (and so broken JSON), or takes seconds a token. OpenAI's strict mode wants closed
objects whose every property is required; Anthropic takes no bounds and no patterns (FACTS of both SDKs).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm import catalog
from llm.extraction.subschemas import walk

SENT = frozenset(
    {
        "$ref",
        "$defs",
        "definitions",
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "items",
        "prefixItems",
    }
    | {"additionalProperties", "anyOf", "oneOf", "allOf", "description", "minimum", "maximum"}
    | {"exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "pattern"}
)
COMBINED = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"})
BOUNDS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern"}
    | {"minItems", "maxItems"}
)
SMALL_CONTEXT = 8192
SMALL_STRING = 200
SMALL_LIST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a document is rewritten. `close`: an object takes no other properties than it names; `small`: a
    model that runs on until a bound stops it; `unbounded`: a provider that takes no bounds."""

    close: bool
    small: bool
    unbounded: bool


def wire_schema(schema: Mapping[str, Any], models: Sequence[str]) -> dict[str, Any] | None:
    """Return the schema to send to these models (`provider:model`), None if one of them would refuse it."""
    providers = {catalog.split(model)[0] for model in models}
    way = _Way(
        close=not any(_combines(found) for _, found in walk(schema) if isinstance(found, Mapping)),
        small=any(map(is_small, models)),
        unbounded="anthropic" in providers,
    )
    sent = _rewrite(schema, way)
    if _refers_oddly(sent):
        return None
    return sent if providers <= {"local"} or _is_strict(sent) else None


def is_small(model: str) -> bool:
    """True for a model that needs bounds to come to an end."""
    return catalog.card(model).context_tokens <= SMALL_CONTEXT


def _combines(schema: Mapping[str, Any]) -> bool:
    """True where closing one part would shut out what another part asks for."""
    return "allOf" in schema or ("properties" in schema and not schema.keys().isdisjoint(COMBINED))


def _rewrite(schema: Any, way: _Way) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    sent = {word: _word(word, value, way) for word, value in schema.items() if word in SENT}
    if "oneOf" in sent and "anyOf" not in sent:
        sent["anyOf"] = sent.pop("oneOf")
    if sent.get("properties"):
        _require(sent, schema["properties"])
        if way.close and sent["properties"].keys() >= set(sent["required"]):
            sent.setdefault("additionalProperties", False)
    return _bounded(sent, way)


def _word(word: str, value: Any, way: _Way) -> Any:
    if word in {"properties", "$defs", "definitions"} and isinstance(value, Mapping):
        return {name: _rewrite(child, way) for name, child in value.items()}
    if word in {"allOf", "anyOf", "oneOf", "prefixItems"} and isinstance(value, list):
        return [_rewrite(child, way) for child in value]
    if word == "items" or (word == "additionalProperties" and isinstance(value, Mapping)):
        return _rewrite(value, way)
    return value


def _require(sent: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Ask for every property whose absence can be said: by null, an empty list, or its default."""
    asked = dict.fromkeys(sent.get("required", ()))
    for name, child in sent["properties"].items():
        whole = source[name]
        if _may_be_null(child) or _may_be_empty(child) or (isinstance(whole, Mapping) and "default" in whole):
            asked[name] = None
    sent["required"] = sorted(asked, key=[*sent["properties"], *asked].index)


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    return (
        kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or any(branch.get("type") == "null" for branch in schema.get("anyOf", ()))
    )


def _may_be_empty(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" and not schema.get("minItems")


def _bounded(sent: dict[str, Any], way: _Way) -> dict[str, Any]:
    if way.unbounded:
        return {word: value for word, value in sent.items() if word not in BOUNDS}
    if way.small:
        sent.pop("pattern", None)
        kinds = sent.get("type", ())
        if "string" in kinds and sent.keys().isdisjoint({"enum", "const"}):
            _cap(sent, "maxLength", SMALL_STRING, sent.get("minLength", 0))
        if "array" in kinds:
            _cap(sent, "maxItems", SMALL_LIST, sent.get("minItems", 0))
    return sent


def _cap(sent: dict[str, Any], word: str, most: int, least: int) -> None:
    sent[word] = max(min(sent.get(word, most), most), least)


def _is_strict(sent: Mapping[str, Any]) -> bool:
    """True where the strict modes of OpenAI and Anthropic take the schema."""
    return sent.get("type") == "object" and all(_is_strict_part(part) for _, part in walk(sent))


def _is_strict_part(schema: Any) -> bool:
    if isinstance(schema, bool):
        return schema is False  # only as the mark of a closed object
    if "prefixItems" in schema or "allOf" in schema or isinstance(schema.get("type"), list):
        return False
    if schema.get("type") == "object":
        names = schema.get("properties", {}).keys()
        return schema.get("additionalProperties") is False and names == set(schema.get("required", ()))
    if schema.get("type") == "array":
        return bool(schema.get("items"))
    return not schema.keys().isdisjoint({"type", "enum", "const", "anyOf", "$ref"})


def _refers_oddly(sent: Any) -> bool:
    if isinstance(sent, list):
        return any(map(_refers_oddly, sent))
    if not isinstance(sent, dict):
        return False
    target = sent.get("$ref")
    return (isinstance(target, str) and not target.startswith("#/")) or any(map(_refers_oddly, sent.values()))
