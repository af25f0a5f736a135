"""Ten texts through the real local model: data that comes back is valid; how good it is is only printed."""

import time
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel
from pytest_django import Settings

import llm
from llm.errors import LLMError
from llm.extraction import BadExtraction, extract
from llm.extraction.schemas import Contact, Sentiment
from prompts.service import install_starters
from tests.llm.providers.test_local_model import model_url

__all__ = ["model_url"]

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.model_calls,
    pytest.mark.django_db(transaction=True),
]

SLOTS = 4  # answers that the model writes at a time
MOODS = {
    "I love this product!": "positive",
    "This is the worst phone I have ever owned.": "negative",
    "The package arrived on Tuesday.": "neutral",
    "Terrible service, I want my money back.": "negative",
    "Absolutely wonderful stay, friendly staff and great food.": "positive",
    "The meeting starts at 10 am in room 4.": "neutral",
    "The battery died after two days and support ignored me.": "negative",
    "Great value, I would buy it again.": "positive",
    "Water boils at 100 degrees Celsius at sea level.": "neutral",
    "I am so disappointed with the delivery.": "negative",
}
PEOPLE: dict[str, dict[str, Any]] = {
    "Jane Doe, jane@example.com, works at Acme Corp. Call 555-1234. Office: 12 Main Street, Springfield, "
    "IL 62701.": {"name": "Jane Doe", "email": "jane@example.com", "phone": "555-1234"},
    "Best regards,\nPeter Novak\nNovak Ltd\n+420 601 123 456\npeter@novak.example": {
        "name": "Peter Novak",
        "email": "peter@novak.example",
        "phone": "+420 601 123 456",
    },
    "My name is Maria Garcia and I live at 5 Elm Road, Austin, TX 78701.": {"name": "Maria Garcia"},
    "Contact Tom at tom.baker@mail.example or 0171 555 0199.": {"email": "tom.baker@mail.example"},
    "Please ship it to Li Wei, 88 Harbor View, Seattle, WA 98101.": {"name": "Li Wei", "email": None},
    "Dr. Anna Schmidt, Charite Berlin, anna@charite.example": {"email": "anna@charite.example"},
    "Hi, this is Sam. You can reach me on 202-555-0143.": {"name": "Sam", "phone": "202-555-0143"},
    "John Smith | Globex | john@globex.example | 1 Plaza, Dallas, TX 75201 (work)": {
        "name": "John Smith",
        "email": "john@globex.example",
    },
    "Emma Brown (emma@brown.example)": {"name": "Emma Brown", "email": "emma@brown.example"},
    "Invoice to: Carlos Ruiz, Ruiz y Hijos, 14 Calle Mayor, Madrid": {"name": "Carlos Ruiz"},
}


@pytest.fixture(autouse=True)
def _site(model_url: str, settings: Settings, db: None) -> None:
    install_starters()
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_local_url": f"{model_url}/v1"})


async def _all(model: type[BaseModel], texts: dict[str, dict[str, Any]]) -> str:
    """Extract every text; returns one line on how it went. Data that is not valid fails the test."""
    valid = right = attempts = 0
    begun = time.monotonic()
    results = await llm.map(texts, partial(extract, model), limit=SLOTS)
    for expected, done in zip(texts.values(), results, strict=True):
        if isinstance(done, LLMError):
            assert isinstance(done, BadExtraction)
            attempts += done.attempts
            continue
        model.model_validate_json(done.data.model_dump_json())
        valid, attempts = valid + 1, attempts + done.attempts
        right += sum(getattr(done.data, name) == value for name, value in expected.items())
    fields = sum(map(len, texts.values()))
    seconds = time.monotonic() - begun
    return (
        f"{model.__name__}: {valid} of {len(texts)} valid, {right} of {fields} known values right, "
        f"{attempts} attempts, {seconds:.1f} s"
    )


async def test_sentiment(capsys: pytest.CaptureFixture[str]) -> None:
    line = await _all(Sentiment, {text: {"sentiment": mood} for text, mood in MOODS.items()})
    with capsys.disabled():
        print(f"\n{line}")


async def test_contact(capsys: pytest.CaptureFixture[str]) -> None:
    line = await _all(Contact, PEOPLE)
    with capsys.disabled():
        print(f"\n{line}")


async def test_a_schema_of_the_caller(capsys: pytest.CaptureFixture[str]) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["city", "age"],
    }
    done = await extract(schema, "She lives in Oslo and is 34 years old.")
    with capsys.disabled():
        print(f"\nA schema of the caller: {done.data}, {done.attempts} attempt(s)")
    assert isinstance(done.data["age"], int)
