"""What the parts of one schema share while they are rewritten for a strict mode."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm.extraction.compiler.dialects import Dialect
from llm.extraction.compiler.limits import Tally
from llm.extraction.compiler.merging import merged
from llm.extraction.compiler.references import HOME
from llm.extraction.compiler.report import Findings, Inexpressible
from llm.extraction.compiler.shapes import Shape, Valid
from llm.extraction.subschemas import Path

type Part = tuple[dict[str, Any], Shape | None]
type Rewrite = Callable[[Any, Path, Rewriting], Part]

MOST_PARTS = 20_000  # a part that is used twice in a part that is used twice...


@dataclass(slots=True, kw_only=True)
class Rewriting:
    """`rewrite` rewrites a part of any kind; `takes` says whether a part of the document takes a value.
    `homes` are the parts of `$defs` that were rewritten, `circular` the names of those that contain
    themselves."""

    rewrite: Rewrite
    document: Mapping[str, Any]
    origins: Mapping[str, Path]
    dialect: Dialect
    findings: Findings
    takes: Valid
    circular: frozenset[str]
    homes: dict[str, Part] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    parts: int = 0

    def part(self, schema: Any, path: Path) -> Part:
        """Rewrite a part; raises Inexpressible."""
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Inexpressible(path, "Written out, the schema is too large.")
        return self.rewrite(schema, path, self)

    def inlined(self, schema: Any, path: Path) -> Any:
        """Put what stands beside a reference into what it leads to."""
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        name = schema["$ref"].removeprefix(HOME)
        if name in self.circular:
            raise Inexpressible(path, "A schema that contains itself cannot be changed where it is used.")
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        return merged(beside, self.document["$defs"][name], path)

    def closed(self, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
        """Return the schema of an object that takes no other properties."""
        self.tally.properties += len(properties)
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
