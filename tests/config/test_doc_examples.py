"""The examples of the docs page: each is there, and each is a request that works as it is."""

from typing import Any

import pytest

from llm.extraction.schemas import of_code
from tests.config.calling import Call, api, key, model, prompts, stranger, wire
from tests.wire import WireServer, text

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS = {
    "sentiment": '{"sentiment": "positive", "confidence": 0.9, "reasoning": "Praise."}',
    "contact": '{"name": "Jane Doe"}',
    "invoice": '{"number": "2041", "lines": [{"description": "tea", "quantity": 2}], "total": 25}',
    "event": '{"title": "Board meeting", "date": "2026-06-12", "starts_at": "09:30"}',
    "entities": '{"entities": [{"text": "Oslo", "type": "place"}]}',
    "person": '{"city": "Oslo", "age": 34}',
}


async def offered(stranger: Call, path: str) -> dict[str, Any]:
    """Return the example requests of an address, by name."""
    document = (await stranger("GET", "/openapi.json")).json()
    content = document["paths"][f"/api/v1{path}"]["post"]["requestBody"]["content"]["application/json"]
    assert content["schema"]
    return {name: example["value"] for name, example in content["examples"].items()}


async def test_each_schema_that_comes_along_has_an_example(
    api: Call, stranger: Call, model: WireServer
) -> None:
    examples = await offered(stranger, "/extract/{name}")
    assert set(examples) == set(of_code())
    for name, body in examples.items():
        model.script(text(ANSWERS[name]))
        done = await api("POST", f"/extract/{name}", body)
        assert done.status_code == 200, (name, done.content)
    assert set(await offered(stranger, "/extract/{name}/stream")) == set(of_code())


async def test_the_example_with_a_schema(api: Call, stranger: Call, model: WireServer) -> None:
    [(name, body)] = (await offered(stranger, "/extract")).items()
    model.script(text(ANSWERS[name]))
    assert (await api("POST", "/extract", body)).json()["data"] == {"city": "Oslo", "age": 34}


async def test_the_examples_of_batches(api: Call, stranger: Call, model: WireServer) -> None:
    for body in (await offered(stranger, "/batches")).values():
        assert (await api("POST", "/batches", body)).status_code == 202
