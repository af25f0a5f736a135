"""How much of a schema a strict mode takes."""

from dataclasses import dataclass
from typing import Any

from llm.extraction.compiler.dialects import Dialect
from llm.extraction.compiler.report import Inexpressible


@dataclass(slots=True)
class Tally:
    """What a vendor counts in a schema."""

    properties: int = 0
    optional: int = 0
    unions: int = 0
    choices: int = 0

    def measure(self, sent: dict[str, Any], limits: Dialect) -> None:
        """Compare with what the dialect takes; raises Inexpressible."""
        for count, most, what in (
            (self.properties, limits.max_properties, "properties"),
            (self.choices, limits.max_choices, "choices"),
            (_depth(sent), limits.max_depth, "levels"),
            (self.optional, limits.max_optional, "properties that may be left out"),
            (self.unions, limits.max_unions, "unions"),
        ):
            if most is not None and count > most:
                raise Inexpressible((), f"The provider's strict mode takes at most {most} {what}.")


def _depth(sent: dict[str, Any]) -> int:
    """Levels of objects and lists, each definition for itself."""
    deepest = 0
    waiting = [(1, sent)]
    while waiting:
        level, part = waiting.pop()
        deepest = max(deepest, level)
        inner = [*part.get("properties", {}).values(), *([part["items"]] if "items" in part else [])]
        waiting.extend((level + 1, child) for child in inner)
        waiting.extend((level, child) for child in part.get("anyOf", ()))
        waiting.extend((1, child) for child in part.get("$defs", {}).values())
    return deepest
