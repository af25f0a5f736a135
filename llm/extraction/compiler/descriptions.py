"""What a schema says to its reader and asks of nobody."""

from collections.abc import Iterable, Mapping
from typing import Any

from llm.extraction.compiler.merging import NOTES


def is_any(schema: Any) -> bool:
    """Say whether a schema asks for nothing."""
    return schema is True or (isinstance(schema, Mapping) and not (schema.keys() - NOTES))


def notes(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description that is sent, if there is one."""
    text = schema.get("description") or schema.get("title")
    return {"description": text} if isinstance(text, str) and text else {}


def told(schema: Mapping[str, Any], unkept: Iterable[str]) -> dict[str, Any]:
    """Say in words what the provider does not enforce."""
    said = notes(schema)
    rules = ", ".join(f"{word} {schema[word]}" for word in sorted(unkept))
    if rules:
        said["description"] = f"{said['description']} ({rules})" if said else rules
    return said
