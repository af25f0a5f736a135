"""The schemas that come along. Each forbids what it does not name and coerces nothing."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Line = Annotated[str, Field(min_length=1, max_length=200)]
Email = Annotated[str, Field(pattern="^[^@\\s]+@[^@\\s]+$", max_length=254)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM, 24 hours")]


class Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Sentiment(Exact):
    """How a text feels about its subject."""

    sentiment: Literal["positive", "negative", "neutral"]
    confidence: float = Field(ge=0, le=1, description="How sure the judgement is, from 0 to 1.")
    reasoning: str = Field(min_length=1, max_length=1000, description="One short sentence that says why.")


class Address(Exact):
    """One postal address; what the text does not say is null."""

    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    type: Literal["home", "work", "other"] = "other"


class Contact(Exact):
    """A person's contact details; what the text does not say is null."""

    name: Line
    email: Email | None = None
    phone: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    company: Line | None = None
    addresses: list[Address] = Field(default=[], max_length=20)


class InvoiceLine(Exact):
    """One line of an invoice; what the text does not say is null."""

    description: Line
    quantity: float | None = None
    unit_price: float | None = None
    amount: float | None = None


class Invoice(Exact):
    """What an invoice asks for; what the text does not say is null."""

    number: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    seller: Line | None = None
    buyer: Line | None = None
    issued_on: Day | None = None
    due_on: Day | None = None
    lines: list[InvoiceLine] = Field(default=[], max_length=200)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217, such as USD")] | None = None
    total: float | None = None


class Event(Exact):
    """Something that takes place; what the text does not say is null."""

    title: Line
    date: Day | None = None
    starts_at: Clock | None = None
    ends_at: Clock | None = None
    place: Line | None = None
    people: list[Line] = Field(default=[], max_length=50)


class Entity(Exact):
    """One thing that the text names, in the text's own words."""

    text: Line
    type: Literal["person", "organization", "place", "date", "money", "other"]


class Entities(Exact):
    """Whom and what a text names, in the order of the text."""

    entities: list[Entity] = Field(max_length=100)
