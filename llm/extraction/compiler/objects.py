"""Objects for a strict mode: closed ones, and lists of pairs where the names are not known."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.conditions import leave_dependents
from llm.extraction.compiler.descriptions import is_any, notes
from llm.extraction.compiler.report import Inexpressible
from llm.extraction.compiler.rewriting import Part, Rewriting
from llm.extraction.compiler.shapes import KEY, PAIRS, VALUE, Named, Pairs, Shape, Wrapped, free
from llm.extraction.subschemas import Path

NULL: dict[str, Any] = {"type": "null"}


def object_(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    """Rewrite an object; raises Inexpressible."""
    named = schema.get("properties", {})
    asked = frozenset(schema.get("required", ()))
    if "patternProperties" in schema:
        raise Inexpressible((*path, "patternProperties"), "Properties by pattern cannot be asked for.")
    if missing := asked - named.keys():
        raise Inexpressible((*path, "required"), f"{min(missing)!r} is required and not described.")
    rewriting.findings.note(path, schema, words.UNASKED_NAMES, kept=frozenset())
    leave_dependents(schema, path, rewriting.findings)
    rewriting.findings.note(path, schema, words.STRUCTURE, kept=words.STRUCTURE)
    more = _more(schema, path, rewriting)
    if more is not False and not named:
        return _pairs(schema, more, path, rewriting, apart=False)
    return _named(schema, asked, more, path, rewriting)


def _more(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Any:
    """Return the schema of properties that have no name, False if none are asked for."""
    more = schema.get("additionalProperties", True)
    if more is False or not is_any(more):
        return more
    if not schema.get("properties"):
        raise Inexpressible(path, "An object of any content cannot be asked for: name its properties.")
    rewriting.findings.narrow(path)
    return False


def _pairs(
    schema: Mapping[str, Any], more: Any, path: Path, rewriting: Rewriting, *, apart: bool
) -> tuple[dict[str, Any], Shape]:
    """Ask for pairs; `apart` from properties that may themselves be lists, they stand in an object."""
    part, shape = rewriting.part(more, (*path, "additionalProperties"))
    pair = rewriting.closed({KEY: {"type": "string"}, VALUE: part}, [KEY, VALUE])
    sent = {**notes(schema), "type": "array", "items": pair}
    return in_object(sent, Pairs(shape), rewriting) if apart else (sent, Pairs(shape))


def in_object(
    sent: dict[str, Any], shape: Shape | None, rewriting: Rewriting
) -> tuple[dict[str, Any], Shape]:
    """Put pairs into an object, where a list in their place would be in the caller's own shape."""
    return rewriting.closed({PAIRS: sent}, [PAIRS]), Wrapped(shape, PAIRS)


def _named(
    schema: Mapping[str, Any], asked: frozenset[str], more: Any, path: Path, rewriting: Rewriting
) -> Part:
    sent: dict[str, Any] = {}
    shapes: dict[str, Shape] = {}
    absent, left_out = set[str](), set[str]()
    for name, child in schema.get("properties", {}).items():
        if child is False:
            if name in asked:
                raise Inexpressible((*path, "properties", name), "No value satisfies it.")
            continue
        part, shape = rewriting.part(child, (*path, "properties", name))
        if name not in asked and not rewriting.takes(child, None) and not _may_be_empty(child):
            (absent if rewriting.dialect.all_required else left_out).add(name)
        sent[name] = _nullable(part, rewriting) if name in absent else part
        if shape is not None:
            shapes[name] = shape
    rewriting.tally.optional += len(left_out)
    rest = None
    if more is not False:
        name = free("more", sent)
        sent[name], pairs = _pairs({}, more, path, rewriting, apart=rewriting.takes(more, []))
        rest = (name, pairs)
    body = rewriting.closed(sent, [name for name in sent if name not in left_out])
    changed = shapes or absent or rest
    return {**notes(schema), **body}, Named(shapes, frozenset(absent), rest) if changed else None


def _nullable(part: dict[str, Any], rewriting: Rewriting) -> dict[str, Any]:
    """A property that may be left out, in a dialect where all must be there."""
    rewriting.tally.unions += 1
    said = notes(part)
    inner = {word: value for word, value in part.items() if word not in said}
    branches = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {**said, "anyOf": [*branches, NULL]}


def _may_be_empty(schema: Any) -> bool:
    return (
        isinstance(schema, Mapping)
        and schema.get("type") == "array"
        and not schema.get("minItems")
        and "prefixItems" not in schema
    )
