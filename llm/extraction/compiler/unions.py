"""Unions for a strict mode, with branches that an answer can be told apart by."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.descriptions import notes
from llm.extraction.compiler.merging import NOTES, merged
from llm.extraction.compiler.objects import in_object
from llm.extraction.compiler.references import HOME
from llm.extraction.compiler.report import Inexpressible
from llm.extraction.compiler.rewriting import Part, Rewriting
from llm.extraction.compiler.shapes import Defined, OneOf, Pairs, Shape
from llm.extraction.subschemas import Path


def union(schema: Mapping[str, Any], path: Path, rewriting: Rewriting) -> Part:
    """Rewrite an `anyOf` or `oneOf`; raises Inexpressible."""
    word, *others = [word for word in words.UNIONS if word in schema]
    if others:
        raise Inexpressible(path, "anyOf and oneOf stand beside each other.")
    if word == "oneOf":
        rewriting.findings.note(path, schema, ["oneOf"], kept=frozenset())
    base = {key: value for key, value in schema.items() if key not in {word, "discriminator"}}
    alone = not (base.keys() - NOTES)
    branches, shapes = [], []
    for number, branch in enumerate(schema[word]):
        if branch is False:
            continue
        step = (*path, word, number)
        whole = branch if alone else merged(base, rewriting.inlined(branch, step), path)
        sent, shape = rewriting.part(whole, step)
        branches.append(sent)
        shapes.append((whole, shape))
    return any_of(branches, shapes, schema, path, rewriting)


def any_of(
    branches: list[dict[str, Any]],
    shapes: list[tuple[Any, Shape | None]],
    schema: Mapping[str, Any],
    path: Path,
    rewriting: Rewriting,
) -> Part:
    """Put branches that were rewritten together; raises Inexpressible if there are none."""
    if not branches:
        raise Inexpressible(path, "No value satisfies it.")
    branches, shapes = _told_apart(branches, shapes, rewriting)
    rewriting.tally.unions += len(branches) > 1
    rewriting.tally.choices += len(branches)
    sent = branches[0] if len(branches) == 1 else {"anyOf": branches}
    changed = any(shape is not None for _, shape in shapes)
    return {**notes(schema), **sent}, OneOf(tuple(shapes)) if changed else None


def _told_apart(
    branches: list[dict[str, Any]], shapes: list[tuple[Any, Shape | None]], rewriting: Rewriting
) -> tuple[list[dict[str, Any]], list[tuple[Any, Shape | None]]]:
    """Pairs beside a list could be either when they are empty: put them into an object."""
    lists = [n for n, branch in enumerate(branches) if _kinds(branch, "array", rewriting)]
    if len(lists) < 2 or not any(_is_pairs(shapes[n][1], rewriting) for n in lists):
        return branches, shapes
    branches, shapes = list(branches), list(shapes)
    for n in lists:
        whole, shape = shapes[n]
        if _is_pairs(shape, rewriting):
            branches[n], apart = in_object(branches[n], shape, rewriting)
            shapes[n] = (whole, apart)
    return branches, shapes


def _kinds(sent: dict[str, Any], kind: str, rewriting: Rewriting) -> bool:
    """Say whether what is sent may be answered by a value of the kind."""
    if "$ref" in sent:
        home, _ = rewriting.homes[sent["$ref"].removeprefix(HOME)]
        return _kinds(home, kind, rewriting) if home else True  # still being made: it could be anything
    return sent.get("type") == kind or any(
        _kinds(branch, kind, rewriting) for branch in sent.get("anyOf", ())
    )


def _is_pairs(shape: Shape | None, rewriting: Rewriting) -> bool:
    if isinstance(shape, Defined):
        home, inner = rewriting.homes[shape.name]
        return (
            _is_pairs(inner, rewriting) if home else _asks_for_pairs(rewriting.document["$defs"][shape.name])
        )
    if isinstance(shape, OneOf):
        return any(_is_pairs(inner, rewriting) for _, inner in shape.branches)
    return isinstance(shape, Pairs)


def _asks_for_pairs(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "additionalProperties" in schema and not schema.get("properties")
