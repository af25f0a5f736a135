"""A schema in the strict dialect of a vendor, rewritten without loss wherever that can be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.conditions import leave_conditions
from llm.extraction.compiler.descriptions import is_any
from llm.extraction.compiler.dialects import Dialect
from llm.extraction.compiler.lists import array
from llm.extraction.compiler.merging import NOTES, merged
from llm.extraction.compiler.objects import in_object, object_
from llm.extraction.compiler.references import HOME, Settled, circles
from llm.extraction.compiler.report import Findings, Inexpressible
from llm.extraction.compiler.rewriting import Part, Rewriting
from llm.extraction.compiler.scalars import choice, scalar
from llm.extraction.compiler.shapes import VALUE, Defined, Pairs, Shape, Valid, Wrapped, free
from llm.extraction.compiler.unions import any_of, union
from llm.extraction.subschemas import Path, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    """What is sent, and how to read what comes back. `homes` are the shapes of `$defs`."""

    sent: dict[str, Any]
    shape: Shape | None
    homes: Mapping[str, Shape | None]


def strict(settled: Settled, dialect: Dialect, findings: Findings, takes: Valid) -> Strict:
    """Rewrite a schema; raises Inexpressible where the dialect has no words.

    `takes` says whether a part of the document is satisfied by a value.
    """
    circular = circles(settled.document)
    if circular and not dialect.recursive:
        raise Inexpressible((), "The provider's strict mode takes no schema that contains itself.")
    return _whole(
        Rewriting(
            rewrite=_rewritten,
            document=settled.document,
            origins=settled.origins,
            dialect=dialect,
            findings=findings,
            takes=takes,
            circular=circular,
        )
    )


def _whole(rewriting: Rewriting) -> Strict:
    root: Any = {word: value for word, value in rewriting.document.items() if word != "$defs"}
    if "$ref" in root and root["$ref"].removeprefix(HOME) not in rewriting.circular:
        root = rewriting.inlined(root, ())
    sent, shape = rewriting.part(root, ())
    if sent.get("type") != "object":
        name = free(VALUE, _named_anywhere(rewriting.document))
        if isinstance(shape, Pairs) and rewriting.takes(rewriting.document, {name: []}):
            sent, shape = in_object(sent, shape, rewriting)
        sent, shape = rewriting.closed({name: sent}, [name]), Wrapped(shape, name)
    used = {name: part for name, (part, _) in rewriting.homes.items()}
    if used:
        sent = {**sent, "$defs": used}
    rewriting.tally.measure(sent, rewriting.dialect)
    homes = {name: part for name, (_, part) in rewriting.homes.items()}
    return Strict(sent=sent, shape=shape, homes=homes)


def _named_anywhere(document: Mapping[str, Any]) -> set[str]:
    """Every property that the caller may mean: an object with one of them is in the caller's own shape."""
    return {name for _, part in walk(document) for name in part.get("properties", ())}


def _rewritten(schema: Any, path: Path, rewriting: Rewriting) -> Part:
    if not isinstance(schema, Mapping) or is_any(schema):
        raise Inexpressible(path, "A value of any kind cannot be asked for: name its type.")
    if "allOf" in schema:
        return rewriting.part(_together(schema, path, rewriting), path)
    if "$ref" in schema:
        return _reference(schema, path, rewriting)
    if any(word in schema for word in words.UNIONS):
        return union(schema, path, rewriting)
    leave_conditions(schema, path, rewriting.findings)
    if "const" in schema or "enum" in schema:
        return choice(schema, path, rewriting)
    return _typed(schema, path, rewriting)


def _together(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Any:
    whole: Any = {word: value for word, value in schema.items() if word != "allOf"}
    for number, part in enumerate(schema["allOf"]):
        whole = merged(whole, rewriting.inlined(part, (*path, "allOf", number)), path)
    if not isinstance(whole, Mapping):
        raise Inexpressible(path, "No value satisfies it.")
    return whole


def _reference(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    if schema.keys() - NOTES - {"$ref"}:
        return rewriting.part(rewriting.inlined(schema, path), path)
    homes = rewriting.homes
    name = schema["$ref"].removeprefix(HOME)
    if name not in homes:
        homes[name] = ({}, None)
        homes[name] = rewriting.part(rewriting.document["$defs"][name], rewriting.origins[name])
    same = name not in rewriting.circular and homes[name][1] is None
    return {"$ref": schema["$ref"]}, None if same else Defined(name)


def _typed(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    kinds = schema.get("type") or words.meant(schema)
    if not kinds:
        raise Inexpressible(path, "A value of any kind cannot be asked for: name its type.")
    if "type" not in schema:
        rewriting.findings.narrow(path)
    if isinstance(kinds, str):
        return _kind(kinds, schema, path, rewriting)
    parts = [
        ({**words.only(schema, kind), "type": kind}, _kind(kind, words.only(schema, kind), path, rewriting))
        for kind in kinds
    ]
    branches = [sent for _, (sent, _) in parts]
    return any_of(branches, [(whole, shape) for whole, (_, shape) in parts], schema, path, rewriting)


def _kind(kind: str, schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    if kind == "object":
        return object_(schema, path, rewriting)
    if kind == "array":
        return array(schema, path, rewriting)
    return scalar(kind, schema, path, rewriting)
