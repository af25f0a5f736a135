"""The columns that a batch came with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names in their order, and the place of the one that holds the texts."""

    names: tuple[str, ...] = ("text",)
    text: int = 0

    @classmethod
    def loads(cls, stored: str) -> "Columns":
        """Return what `dumps` wrote."""
        found = json.loads(stored)
        return cls(names=tuple(found["names"]), text=found["text"]) if found else cls()

    def dumps(self) -> str:
        """Return it as a batch stores it."""
        return json.dumps({"names": self.names, "text": self.text})

    def row(self, text: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return an input as it came, in the order of the columns; what it did not have is left out."""
        whole = {**fields, self.names[self.text]: text}
        return {name: whole[name] for name in self.names if name in whole}
