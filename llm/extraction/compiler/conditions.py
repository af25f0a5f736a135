"""What depends on another part of a value is left to our own check.

What asks for a property that is described nowhere else cannot be left: the model would never write it.
"""

from collections.abc import Mapping
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.report import Findings, Inexpressible
from llm.extraction.subschemas import Path

UNNAMED = "What depends on another property cannot be asked for."


def leave_conditions(schema: Mapping[str, Any], path: Path, findings: Findings) -> None:
    """Leave `not` and `if`; raises Inexpressible."""
    left = schema.keys() & {"not", "if", "then", "else"}
    findings.note(path, schema, left, kept=frozenset())
    for word in left & {"then", "else"}:
        if isinstance(schema[word], Mapping) and _named_by(schema[word]) - set(schema.get("properties", {})):
            raise Inexpressible((*path, word), UNNAMED)


def leave_dependents(schema: Mapping[str, Any], path: Path, findings: Findings) -> None:
    """Leave what one property asks of another; raises Inexpressible."""
    findings.note(path, schema, words.DEPENDENTS, kept=frozenset())
    if _named_by(schema) - schema.get("properties", {}).keys() or schema.get("dependentSchemas"):
        raise Inexpressible(path, UNNAMED)


def _named_by(schema: Mapping[str, Any]) -> set[str]:
    """The properties that a conditional part asks for."""
    depends = schema.get("dependentRequired", {})
    dependent = {name for names in depends.values() for name in names}
    return set(schema.get("properties", {})) | set(schema.get("required", ())) | dependent
