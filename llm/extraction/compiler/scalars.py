"""Texts, numbers and choices between given values, for a strict mode."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.descriptions import notes, told
from llm.extraction.compiler.dialects import FORMATS
from llm.extraction.compiler.report import Inexpressible
from llm.extraction.compiler.rewriting import Part, Rewriting
from llm.extraction.subschemas import Path


def choice(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    """Rewrite a `const` or an `enum`; raises Inexpressible."""
    values = [schema["const"]] if "const" in schema else list(schema["enum"])
    if not all(isinstance(value, words.SCALARS) for value in values):
        raise Inexpressible(path, "A choice between objects or lists cannot be asked for.")
    values = [value for value in values if words.is_of(value, schema.get("type"))]
    if not values:
        raise Inexpressible(path, "No value satisfies it.")
    word = "const" if "const" in schema else "enum"
    kept = frozenset({word, "type"})
    rewriting.findings.note(path, schema, kept | words.BOUNDS, kept=kept)
    rewriting.tally.choices += len(values)
    said = {"const": values[0]} if word == "const" else {"enum": values}
    kinds = {words.kind_of(value) for value in values}
    typed = {"type": kinds.pop()} if len(kinds) == 1 else {}
    return {**notes(schema), **typed, **said}, None


def scalar(kind: str, schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    """Rewrite what is no list or object, with the bounds that the dialect enforces."""
    bounds = schema.keys() & words.BOUNDS
    kept = frozenset(word for word in bounds & rewriting.dialect.bounds if _is_taken(word, schema[word]))
    rewriting.findings.note(path, schema, [*bounds, "type"], kept=kept | {"type"})
    said = told(schema, bounds - kept)
    return {**said, "type": kind, **{word: schema[word] for word in sorted(kept)}}, None


def _is_taken(word: str, value: Any) -> bool:
    if word == "format":
        return value in FORMATS
    return not (word == "pattern" and "(?" in value)
