"""Schemas by name: those that come along, a project's own (`register`), and those made in the admin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from pydantic import BaseModel

from llm.extraction.contracts import Contract, ModelContract, RawContract
from llm.extraction.ready_made import Contact, Entities, Event, Invoice, Sentiment

if TYPE_CHECKING:
    from llm.models import ExtractionSchema

__all__ = [
    "Contact",
    "Entities",
    "Event",
    "Invoice",
    "Named",
    "Sentiment",
    "everything",
    "find",
    "offered",
    "register",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A schema that is called by name.

    `schema` is what `extract` takes. `prompt` is the slug of its instructions, None for built-in ones;
    `version` the primary key and `number` the number of the version of one that was made in the admin.
    """

    name: str
    schema: type[BaseModel] | Mapping[str, Any]
    prompt: str | None = None
    version: int | None = None
    number: int | None = None

    @property
    def title(self) -> str:
        return str(self.contract.json_schema.get("title", self.name))

    @property
    def contract(self) -> Contract:
        if isinstance(self.schema, Mapping):
            return RawContract.of(self.schema)
        return ModelContract.of(self.schema, self.name)


_registry: dict[str, Named] = {}


def register(name: str, model: type[BaseModel], *, prompt: str | None = None) -> None:
    """Make `model` callable by `name`; the prompt takes the variable `text`."""
    _registry[name] = Named(name=name, schema=model, prompt=prompt)


def of_code() -> Mapping[str, Named]:
    """Return the schemas of code by name. No other schema may take one of these names."""
    return _registry


def named(model: type[BaseModel]) -> Named | None:
    """Return the entry that `model` was registered as, or None."""
    return next((entry for entry in _registry.values() if entry.schema is model), None)


async def find(name: str) -> Named | None:
    """Return the schema of a name, or None."""
    from llm.models import ExtractionSchema  # the apps are ready once somebody asks

    if name in _registry:
        return _registry[name]
    row = await ExtractionSchema.objects.offered().filter(name=name[:64]).afirst()
    return _made(row) if row else None


def offered() -> list[Named]:
    """Return every schema, by name."""
    from llm.models import ExtractionSchema

    found = {row.name: _made(row) for row in ExtractionSchema.objects.offered()} | _registry
    return [found[name] for name in sorted(found)]


async def everything() -> list[Named]:
    """Return the same from the loop."""
    return await sync_to_async(offered)()


def _made(row: "ExtractionSchema") -> Named:
    version = row.current
    assert version is not None  # noqa: S101 it is offered
    return Named(name=row.name, schema=version.json_schema, version=version.pk, number=version.number)


register("sentiment", Sentiment, prompt="extract-sentiment")
register("contact", Contact, prompt="extract-contact")
register("invoice", Invoice, prompt="extract-invoice")
register("event", Event, prompt="extract-event")
register("entities", Entities, prompt="extract-entities")
