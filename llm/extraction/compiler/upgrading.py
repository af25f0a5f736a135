"""A schema of an older draft in the words of 2020-12."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.checking import Draft


def upgraded(schema: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """Return the same constraints, this level only; its parts are for the caller to upgrade."""
    if draft.lone_ref and isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}
    new = dict(schema)
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
