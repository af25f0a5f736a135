"""A schema for llama.cpp's grammars, which take most words and make a small model come to an end.

Only words that narrow are sent. Tried: a boolean schema, `$ref: "#"` and anchors are refused; a number's
bounds are ignored; a pattern is ignored, lets quotes through (and so broken JSON), or takes seconds a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm.extraction.compiler.report import Findings
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
ENFORCED = SENT - {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "description"}
SILENT = frozenset({"title", "description", "default", "examples", "$defs", "definitions", "$ref"})
SMALL_STRING = 200
SMALL_LIST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a document is rewritten. `close`: an object takes no other properties than it names; `small`: for
    a model that runs on until a bound stops it."""

    close: bool
    small: bool


def loose(document: Mapping[str, Any], findings: Findings, *, small: bool) -> dict[str, Any]:
    """Return what is sent for a settled schema."""
    parts = [(path, part) for path, part in walk(document) if isinstance(part, Mapping)]
    for path, part in parts:
        findings.note(path, part.keys() - SILENT, kept=ENFORCED)
    way = _Way(close=not any(_combines(part) for _, part in parts), small=small)
    return _rewrite(document, way)


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
