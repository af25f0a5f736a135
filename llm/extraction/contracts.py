"""What an answer must satisfy: a Pydantic model, or a JSON Schema. Both check in the same way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from llm.extraction import raw_schema
from llm.extraction.checking import Checker
from llm.extraction.parsing import Parsed, Root
from llm.extraction.pointers import pointer, within

type Faults = tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An answer that was looked at: its data, or what is wrong with it."""

    data: Any = None
    faults: Faults = ()


class Contract(Protocol):
    """`name` goes to the provider (letters, digits, _ and -)."""

    @property
    def name(self) -> str: ...

    @property
    def json_schema(self) -> Mapping[str, Any]: ...

    def check(self, answer: Parsed) -> Checked: ...


def root_of(contract: Contract) -> Root:
    """Return what the answer must be outermost, if that is an object or an array."""
    kind = contract.json_schema.get("type")
    return kind if kind in ("object", "array") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContract:
    """A Pydantic model; whether it coerces is its own choice."""

    name: str
    model: type[BaseModel]
    json_schema: Mapping[str, Any]

    @classmethod
    def of(cls, model: type[BaseModel], name: str = "") -> "ModelContract":
        """Return the contract of a model, its schema made once."""
        return cls(name=name or _wire_name(model.__name__), model=model, json_schema=_json_schema(model))

    def check(self, answer: Parsed) -> Checked:
        """Validate as JSON, so that dates and the like may be strings in a strict model."""
        try:
            return Checked(data=self.model.model_validate_json(answer.source))
        except ValidationError as error:
            return Checked(faults=_model_faults(error, answer.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawContract:
    """A JSON Schema of a caller; nothing is coerced."""

    name: str
    json_schema: Mapping[str, Any]
    checker: Checker

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "RawContract":
        """Return the contract of a schema; raises SchemaRefused."""
        schema = raw_schema.taken(schema)
        checker = raw_schema.checker_of(schema)
        title = schema.get("title")
        name = _wire_name(title if isinstance(title, str) else "") or "answer"
        return cls(name=name, json_schema=schema, checker=checker)

    def check(self, answer: Parsed) -> Checked:
        """Validate; the data is the answer itself."""
        faults = raw_schema.faults(self.checker, answer.value)
        return Checked(faults=faults) if faults else Checked(data=answer.value)


@lru_cache(maxsize=256)
def _json_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def _model_faults(error: ValidationError, value: Any) -> Faults:
    return tuple(
        {"pointer": pointer(within(value, fault["loc"])), "message": fault["msg"][:300]}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    )


def _wire_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:64].strip("_")
