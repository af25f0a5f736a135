"""What an answer must satisfy: a Python type, or a JSON Schema. Both check in the same way."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError
from pydantic_core import to_jsonable_python

from llm.extraction import raw_schema
from llm.extraction.checking import Checker
from llm.extraction.compiler import Plan, plan_of, written
from llm.extraction.kept import Kept
from llm.extraction.parsing import Parsed, Root
from llm.extraction.pointers import pointer, within
from llm.extraction.quotes import SOURCE

type Faults = tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a quote of the answer stands in the source."""

    pointer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An answer that was looked at: its data, or what is wrong with it."""

    data: Any = None
    faults: Faults = ()
    quotes: tuple[Found, ...] = ()


class Contract(Protocol):
    """`name` goes to the provider (letters, digits, _ and -)."""

    @property
    def name(self) -> str: ...

    @property
    def json_schema(self) -> Mapping[str, Any]: ...

    def plan(self, model: str) -> Plan: ...

    def check(self, answer: Parsed) -> Checked: ...


def contract_of(
    schema: Any, *, source: str | None = None, context: Mapping[str, Any] | None = None
) -> "ModelContract | RawContract":
    """Return the contract of a Python type or a JSON Schema; raises SchemaRefused.

    Quotes must stand in `source`; `context` is handed to Pydantic's validators.
    """
    if isinstance(schema, (Mapping, bool)):
        return replace(RawContract.of(schema), source=source)
    given = {**(context or {}), **({} if source is None else {SOURCE: source})}
    return replace(ModelContract.of(schema), context=given)


def root_of(contract: Contract) -> Root:
    """Return what the answer must be outermost, if that is an object or an array."""
    kind = contract.json_schema.get("type")
    return kind if kind in ("object", "array") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContract:
    """A Python type that Pydantic knows, a model most often; whether it coerces is its own choice."""

    name: str
    type: Any
    adapter: TypeAdapter[Any]
    json_schema: Mapping[str, Any]
    schema_text: str
    context: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, model: Any, name: str = "") -> "ModelContract":
        """Return the contract of a type, its schema made once; raises SchemaRefused."""
        try:
            adapter, schema, text = _adapted(model)
        except TypeError:  # a type that has no hash
            adapter, schema, text = _adapted.__wrapped__(model)
        return cls(
            name=name or _named(model), type=model, adapter=adapter, json_schema=schema, schema_text=text
        )

    def plan(self, model: str) -> Plan:
        """Return how `provider:model` is made to answer, planned once."""
        return plan_of(self.schema_text, model)

    def check(self, answer: Parsed) -> Checked:
        """Validate as JSON, so that dates and the like may be strings in a strict model."""
        try:
            return Checked(data=self.adapter.validate_json(answer.source, context=self.context))
        except ValidationError as error:
            return Checked(faults=_model_faults(error, answer.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawContract:
    """A JSON Schema of a caller; nothing is coerced."""

    name: str
    json_schema: Mapping[str, Any]
    schema_text: str
    checker: Checker
    source: str | None = None

    @classmethod
    def of(cls, schema: Mapping[str, Any] | bool) -> "RawContract":
        """Return the contract of a schema, compiled once; raises SchemaRefused."""
        return _compiled(written(raw_schema.taken(schema)))

    def plan(self, model: str) -> Plan:
        """Return how `provider:model` is made to answer, planned once."""
        return plan_of(self.schema_text, model)

    def check(self, answer: Parsed) -> Checked:
        """Validate; the data is the answer itself."""
        found: dict[tuple[str | int, ...], tuple[int, int]] = {}
        faults = raw_schema.faults(self.checker, answer.value, source=self.source, found=found)
        if faults:
            return Checked(faults=faults)
        quotes = tuple(Found(pointer=pointer(path), start=a, end=b) for path, (a, b) in found.items())
        return Checked(data=answer.value, quotes=quotes)


def plain(data: Any) -> Any:
    """Return checked data as JSON has it."""
    if isinstance(data, BaseModel):
        return data.model_dump(mode="json", by_alias=True)
    return to_jsonable_python(data, by_alias=True)


@lru_cache(maxsize=256)
def _adapted(model: Any) -> tuple[TypeAdapter[Any], Mapping[str, Any], str]:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(model)
        schema = adapter.json_schema()
        return adapter, schema, written(schema)
    except (PydanticUserError, PydanticSchemaGenerationError) as error:
        raise raw_schema.SchemaRefused(f"Pydantic has no JSON Schema for it: {error.message}") from None


def _compile(text: str) -> RawContract:
    schema = json.loads(text)
    title = schema.get("title")
    name = _wire_name(title if isinstance(title, str) else "") or "answer"
    checker = raw_schema.checker_of(schema)
    return RawContract(name=name, json_schema=schema, schema_text=text, checker=checker)


_compiled = Kept(_compile, most=256)


def _model_faults(error: ValidationError, value: Any) -> Faults:
    return tuple(
        {"pointer": pointer(within(value, fault["loc"])), "message": fault["msg"][:300]}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    )


def _named(model: Any) -> str:
    return _wire_name(getattr(model, "__name__", "")) or "answer"


def _wire_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:64].strip("_")
