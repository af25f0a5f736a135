"""The API against the examples that its users build on: fields may be added, never renamed or retyped."""

from typing import Any

import pytest
from pydantic import SecretStr
from pytest_django import Settings

from tests.config.calling import SENTIMENT, Call, api, key, model, prompts, stranger, wire
from tests.wire import WireServer, text

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)

USAGE = {"input_tokens": 31, "output_tokens": 24, "cached_tokens": 0, "reasoning_tokens": 0}
HEALTH = {"status": "ok", "version": "0.1.0"}
READY = {
    "status": "ok",
    "database": "ok",
    "redis": "off",
    "worker": "ok",
    "providers": {"local": {"state": "ok"}, "openai": {"state": "no_key"}, "anthropic": {"state": "open"}},
}
SCHEMAS = {"schemas": [{"name": "sentiment", "title": "Sentiment", "json_schema": {}}]}
EXTRACTED = {
    "data": {"sentiment": "positive", "confidence": 0.92, "reasoning": "..."},
    "attempts": 1,
    "repairs": [],
    "cached": False,
    "model": "local:smollm2",
    "usage": USAGE,
    "cost": "0",
    "prompt_version": 1,
    "request_id": "019a...",
}
PROBLEM = {
    "type": "about:blank",
    "title": "Too many requests",
    "status": 429,
    "detail": "...",
    "code": "rate_limited",
    "request_id": "019a...",
    "errors": [],
}


def has_shape(found: Any, example: Any, *, optional: tuple[str, ...] = ("cost", "prompt_version")) -> None:
    """Fail unless `found` has every key of the example, with a value of its type."""
    if isinstance(example, dict):
        for name, value in example.items():
            assert name in found
            if not (name in optional and found[name] is None):
                has_shape(found[name], value)
    elif isinstance(example, list):
        assert isinstance(found, list)
        for each in found if example else ():
            has_shape(each, example[0])
    else:
        assert type(found) is type(example), (found, example)


async def test_health(stranger: Call) -> None:
    reply = await stranger("GET", "/health")
    assert (reply.status_code, reply.json()) == (200, HEALTH)


async def test_ready(stranger: Call, settings: Settings) -> None:
    settings.PARLEY = settings.PARLEY.model_copy(update={"openai_api_key": SecretStr("scripted")})
    reply = await stranger("GET", "/ready")
    assert reply.status_code == 200
    has_shape(reply.json(), READY)


async def test_ready_without_a_provider(stranger: Call, settings: Settings) -> None:
    reply = await stranger("GET", "/ready")
    redis = "ok" if settings.PARLEY.redis_url else "off"
    assert (reply.status_code, reply["Retry-After"]) == (503, "5")
    assert reply.json() == {**reply.json(), "status": "down", "database": "ok", "redis": redis}
    has_shape(reply.json(), READY)


async def test_schemas(api: Call) -> None:
    reply = (await api("GET", "/schemas")).json()
    has_shape(reply, SCHEMAS)
    names = [schema["name"] for schema in reply["schemas"]]
    assert names == ["contact", "entities", "event", "invoice", "sentiment"]


async def test_one_schema(api: Call) -> None:
    reply = (await api("GET", "/schemas/contact")).json()
    has_shape(reply, SCHEMAS["schemas"][0])
    assert list(reply["json_schema"]["properties"]) == ["name", "email", "phone", "company", "addresses"]
    assert reply["json_schema"]["required"] == ["name"]
    address = reply["json_schema"]["$defs"]["Address"]["properties"]
    assert list(address) == ["street", "city", "state", "zip", "type"]
    assert address["type"]["enum"] == ["home", "work", "other"]


async def test_extract_by_name(api: Call, model: WireServer) -> None:
    model.script(text(SENTIMENT))
    reply = await api("POST", "/extract/sentiment", {"text": "I love this product!"})
    assert reply.status_code == 200
    has_shape(reply.json(), EXTRACTED)
    assert reply.json()["prompt_version"] == 1


async def test_extract_with_a_schema(api: Call, model: WireServer) -> None:
    model.script(text('{"city": "Oslo"}'))
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    body = {"text": "She lives in Oslo.", "schema": schema, "max_attempts": 1, "cache": False}
    reply = await api("POST", "/extract", body)
    has_shape(reply.json(), {**EXTRACTED, "data": {"city": "Oslo"}})
    assert (reply.json()["data"], reply.json()["prompt_version"]) == ({"city": "Oslo"}, None)


async def test_a_problem(stranger: Call) -> None:
    has_shape((await stranger("GET", "/schemas")).json(), PROBLEM)
