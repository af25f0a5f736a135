"""A schema of an older draft in the words of 2020-12."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from llm.extraction.checking import LATEST, Draft
from llm.extraction.subschemas import Path

OLDER = {"prefixItems": "items", "dependentRequired": "dependencies", "dependentSchemas": "dependencies"}


def upgraded(schema: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Return the same constraints, this level only; its parts are for the caller to upgrade."""
    if draft.lone_ref and isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}
    new = {word: value for word, value in schema.items() if not _is_later(word, draft)}
    if draft.tuple_items and isinstance(new.get("items"), list):
        new["prefixItems"] = new.pop("items")
        if "additionalItems" in new:
            new["items"] = new.pop("additionalItems")
    if "dependencies" in draft.words and "dependencies" in new:
        _split(new, new.pop("dependencies"))
    if draft.exclusive_flags:
        _as_number(new, "exclusiveMinimum", "minimum")
        _as_number(new, "exclusiveMaximum", "maximum")
    return new


def _is_later(word: str, draft: Draft) -> bool:
    """True for a word that this draft does not know, and so may hold anything."""
    if word in {"then", "else"}:
        return "if" not in draft.words
    if word in {"minContains", "maxContains"}:
        return not draft.counted_contains
    return word in LATEST.words and word not in draft.words


def as_written(path: Path, schema: Any) -> Path:
    """Return a path through the upgraded schema as it leads through the one that was upgraded."""
    steps: list[str | int] = []
    here = schema
    for step, following in zip_longest(path, path[1:]):
        written = _older(step, following, here) if isinstance(here, Mapping) else step
        steps.append(written)
        here = _inside(here, written)
    return tuple(steps)


def _older(step: str | int, following: str | int | None, schema: Mapping[str, Any]) -> str | int:
    if step == "items" and isinstance(schema.get("items"), list) and not isinstance(following, int):
        return "additionalItems"
    older = OLDER.get(str(step), step)
    return older if step not in schema and older in schema else step


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, list):
        return value[step] if isinstance(step, int) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def _split(new: dict[str, Any], table: Mapping[str, Any]) -> None:
    names = {name: value for name, value in table.items() if isinstance(value, list)}
    schemas = {name: value for name, value in table.items() if not isinstance(value, list)}
    if names:
        new["dependentRequired"] = names
    if schemas:
        new["dependentSchemas"] = schemas


def _as_number(new: dict[str, Any], flag: str, bound: str) -> None:
    if new.pop(flag, False) and bound in new:
        new[flag] = new.pop(bound)
