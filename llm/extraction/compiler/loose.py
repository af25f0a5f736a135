"""A schema for llama.cpp's grammars, which take most words and make a small model come to an end.

Only words that narrow are sent. Tried: a boolean schema, `$ref: "#"` and anchors are refused; a number's
bounds are ignored; a pattern is ignored, lets quotes through (and so broken JSON), or takes seconds a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm.extraction.checking import REFERENCES
from llm.extraction.compiler.references import Settled
from llm.extraction.compiler.report import Findings
from llm.extraction.subschemas import Path, walk

SENT = frozenset(
    {
        "$ref",
        "$defs",
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
ENFORCED = SENT - {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "oneOf", "$ref"}
SMALL_STRING = 200
SMALL_LIST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a document is rewritten. `close`: an object takes no other properties than it names; `small`: for
    a model that runs on until a bound stops it. `origins` is where each of `$defs` stood."""

    close: bool
    small: bool
    origins: Mapping[str, Path]
    findings: Findings


def loose(settled: Settled, findings: Findings, *, small: bool) -> dict[str, Any]:
    """Return what is sent for a settled schema."""
    close = not any(_combines(part) for _, part in walk(settled.document))
    way = _Way(close=close, small=small, origins=settled.origins, findings=findings)
    return _rewrite(settled.document, (), way)


def _combines(schema: Mapping[str, Any]) -> bool:
    """True where closing one part would shut out what another part asks for."""
    return "allOf" in schema or ("properties" in schema and not schema.keys().isdisjoint(COMBINED))


def _rewrite(schema: Any, path: Path, way: _Way) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        return {}
    way.findings.note(path, schema, schema.keys() - REFERENCES, kept=ENFORCED)
    sent = {word: _word(word, value, path, way) for word, value in schema.items() if word in SENT}
    if "oneOf" in sent and "anyOf" not in sent:
        sent["anyOf"] = sent.pop("oneOf")
    if sent.get("properties"):
        _require(sent, schema["properties"])
        _close(sent, path, way)
    if way.small:
        _bound(sent, path, way)
    return sent


def _word(word: str, value: Any, path: Path, way: _Way) -> Any:
    if word == "$defs":
        return {name: _rewrite(child, way.origins[name], way) for name, child in value.items()}
    if word == "properties":
        return {name: _rewrite(child, (*path, word, name), way) for name, child in value.items()}
    if word in {"allOf", "anyOf", "oneOf", "prefixItems"}:
        return [_rewrite(child, (*path, word, number), way) for number, child in enumerate(value)]
    if word == "items" or (word == "additionalProperties" and isinstance(value, Mapping)):
        return _rewrite(value, (*path, word), way)
    return value


def _close(sent: dict[str, Any], path: Path, way: _Way) -> None:
    if not way.close or "additionalProperties" in sent or set(sent["required"]) - sent["properties"].keys():
        return
    sent["additionalProperties"] = False
    way.findings.narrow(path)


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


def _bound(sent: dict[str, Any], path: Path, way: _Way) -> None:
    sent.pop("pattern", None)
    kinds = sent.get("type", ())
    if "string" in kinds and sent.keys().isdisjoint({"enum", "const"}):
        _cap(sent, "maxLength", max(SMALL_STRING, sent.get("minLength", 0)), path, way)
    if "array" in kinds:
        _cap(sent, "maxItems", max(SMALL_LIST, sent.get("minItems", 0)), path, way)


def _cap(sent: dict[str, Any], word: str, most: int, path: Path, way: _Way) -> None:
    if sent.get(word, most + 1) > most:
        sent[word] = most
        way.findings.narrow(path)
