"""Lists for a strict mode; one whose items have places becomes an object."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.descriptions import is_any, notes, told
from llm.extraction.compiler.report import Inexpressible
from llm.extraction.compiler.rewriting import Part, Rewriting
from llm.extraction.compiler.shapes import Listed, Numbered, Shape
from llm.extraction.subschemas import Path

LIST = frozenset({"type", "items"})
TUPLE = LIST | {"prefixItems"}


def array(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    """Rewrite a list; raises Inexpressible."""
    rewriting.findings.note(path, schema, words.UNASKED_LISTS, kept=frozenset())
    bounds = schema.keys() & words.LENGTHS
    if "prefixItems" in schema:
        rewriting.findings.note(path, schema, TUPLE | bounds, kept=TUPLE)
        return _tuple(schema, path, rewriting)
    items = schema.get("items", True)
    if items is False:
        raise Inexpressible((*path, "items"), "A list that is always empty cannot be asked for.")
    sent, shape = rewriting.part(items, (*path, "items"))
    most = rewriting.dialect.most_items_asked
    kept = frozenset(w for w in bounds & rewriting.dialect.bounds if most is None or schema[w] <= most)
    rewriting.findings.note(path, schema, LIST | bounds, kept=LIST | kept)
    said = told(schema, bounds - kept)
    body = {**said, "type": "array", "items": sent, **{word: schema[word] for word in sorted(kept)}}
    return body, Listed(shape) if shape else None


def _tuple(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    sent: dict[str, Any] = {}
    items: list[tuple[str, Shape | None]] = []
    for number, child in enumerate(schema["prefixItems"]):
        name = f"item_{number + 1}"
        sent[name], shape = rewriting.part(child, (*path, "prefixItems", number))
        items.append((name, shape))
    more = schema.get("items", True)
    if more is False or is_any(more):
        rewriting.findings.narrow(path)
        return {**notes(schema), **rewriting.closed(sent, list(sent))}, Numbered(tuple(items))
    part, shape = rewriting.part(more, (*path, "items"))
    sent["rest"] = {"type": "array", "items": part}
    body = {**notes(schema), **rewriting.closed(sent, list(sent))}
    return body, Numbered(tuple(items), ("rest", shape))
