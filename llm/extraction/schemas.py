"""Schemas by name. Built in are `sentiment` and `contact`; a project adds its own with `register`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm.extraction.contracts import ModelContract


class Sentiment(BaseModel):
    """How a text feels about its subject."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sentiment: Literal["positive", "negative", "neutral"]
    confidence: float = Field(ge=0, le=1, description="How sure the judgement is, from 0 to 1.")
    reasoning: str = Field(min_length=1, max_length=1000, description="One short sentence that says why.")


Line = Annotated[str, Field(min_length=1, max_length=200)]


class Address(BaseModel):
    """One postal address; what the text does not say is null."""

    model_config = ConfigDict(extra="forbid", strict=True)

    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    type: Literal["home", "work", "other"] = "other"


class Contact(BaseModel):
    """A person's contact details; what the text does not say is null."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Line
    email: Annotated[str, Field(pattern="^[^@\\s]+@[^@\\s]+$", max_length=254)] | None = None
    phone: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    company: Line | None = None
    addresses: list[Address] = Field(default=[], max_length=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A schema that is called by name; `prompt` is the slug of its instructions, None for built-in ones."""

    name: str
    model: type[BaseModel]
    prompt: str | None = None

    @property
    def title(self) -> str:
        return str(self.contract.json_schema.get("title", self.name))

    @property
    def contract(self) -> ModelContract:
        return ModelContract.of(self.model, self.name)


_registry: dict[str, Named] = {}


def register(name: str, model: type[BaseModel], *, prompt: str | None = None) -> None:
    """Make `model` callable by `name`; the prompt takes the variable `text`."""
    _registry[name] = Named(name=name, model=model, prompt=prompt)


def get(name: str) -> Named | None:
    """Return the schema of a name, or None."""
    return _registry.get(name)


def all_schemas() -> list[Named]:
    """Return every schema, by name."""
    return [_registry[name] for name in sorted(_registry)]


def named(model: type[BaseModel]) -> Named | None:
    """Return the entry that `model` was registered as, or None."""
    return next((entry for entry in _registry.values() if entry.model is model), None)


register("sentiment", Sentiment, prompt="extract-sentiment")
register("contact", Contact, prompt="extract-contact")
