"""Requests that the pages at /api/v1/docs offer to try, as they are."""

from typing import Any

PERSON = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["city", "age"],
}

TEXTS = {
    "sentiment": "I love this product!",
    "contact": "Jane Doe, Acme Corp, jane@example.com, 555-1234. Office: 12 Main Street, Boston, MA 02110.",
    "invoice": "Invoice 2041, Northwind to Jane Doe, 3 March 2026: 2 tins of tea, $12.50 each. Total $25.00.",
    "event": "Board meeting on 12 June 2026 from 9:30 to 11:00 in Room 4 with Ann Lee and Bo Chen.",
    "entities": "Ada Byron moved from London to Oslo in 1840 and joined Fjord Ltd.",
}


def _offered(**examples: dict[str, Any]) -> dict[str, Any]:
    named = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"requestBody": {"content": {"application/json": {"examples": named}}}}


EXTRACT = _offered(**{name: {"text": text} for name, text in TEXTS.items()})
EXTRACT_BY_SCHEMA = _offered(person={"text": "She is 34 and lives in Oslo.", "schema": PERSON})
BATCH = _offered(
    sentiment={"schema": "sentiment", "items": ["I love this product!", "It broke after a day."]},
    contact={"schema": "contact", "items": [TEXTS["contact"]], "concurrency": 4, "timeout": 60},
)
