"""The frame of the REST API: bad input of every kind is a problem, and the pages are there."""

import json
from typing import Any

import pytest
from django.test import AsyncClient
from pytest_django import Settings

from tests.config.calling import SENTIMENT, Call, api, key, model, problem, prompts, stranger, wire
from tests.wire import WireServer, refusal, status, text

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("", ""),
        ("{", ""),
        ('{"text": "a", "text": "b"}', ""),
        ('{"text": NaN}', ""),
        (r'{"text": "\ud800"}', ""),
        (b'{"text": "\xff"}', ""),
        ("[" * 100_000, ""),
        ([], ""),
        ({}, "/text"),
        ({"text": ""}, "/text"),
        ({"text": " \n"}, "/text"),
        ({"text": 5}, "/text"),
        ({"text": None}, "/text"),
        ({"text": "a", "max_attempts": 0}, "/max_attempts"),
        ({"text": "a", "max_attempts": 6}, "/max_attempts"),
        ({"text": "a", "max_attempts": "3"}, "/max_attempts"),
        ({"text": "a", "cache": "no"}, "/cache"),
        ({"text": "a", "temperature": 1}, "/temperature"),
        ({"text": "a", "a/b~c": 1}, "/a~1b~0c"),
    ],
)
async def test_a_wrong_body_says_where(api: Call, body: Any, place: str) -> None:
    found = problem(await api("POST", "/extract/sentiment", body), 422, "invalid")
    assert [error["pointer"] for error in found["errors"]] == [place]


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ("object", "/schema"),
        (None, "/schema"),
        ({"type": "strnig"}, "/schema/type"),
        ({"properties": {"a": {"$ref": "https://example.com/"}}}, "/schema/properties/a/$ref"),
    ],
)
async def test_a_wrong_schema_says_where(api: Call, prompts: None, schema: Any, place: str) -> None:
    found = problem(await api("POST", "/extract", {"text": "a", "schema": schema}), 422, "invalid")
    assert [error["pointer"] for error in found["errors"]] == [place]


async def test_a_text_over_the_limit_is_too_large(api: Call) -> None:
    found = problem(await api("POST", "/extract/sentiment", {"text": "a" * 200_001}), 413, "too_large")
    assert found["errors"][0]["pointer"] == "/text"


async def test_a_body_over_the_limit_is_too_large(api: Call, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem(await api("POST", "/extract/sentiment", {"text": "a" * 2000}), 413, "too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/extract/nope"), ("GET", "/schemas/nope"), ("GET", "/nope"), ("POST", "/a/b/c"), ("GET", "/")],
)
async def test_what_is_not_there_is_not_found(api: Call, method: str, path: str) -> None:
    problem(await api(method, path, {"text": "a"}), 404, "not_found")


async def test_a_wrong_method_names_the_right_one(api: Call) -> None:
    response = await api("GET", "/extract/sentiment")
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST"


async def test_an_unknown_model_is_invalid(api: Call, model: WireServer) -> None:
    body = {"text": "a", "model": "nobody-knows-it"}
    assert (
        "nobody-knows-it" in problem(await api("POST", "/extract/sentiment", body), 422, "invalid")["detail"]
    )


@pytest.mark.model_calls
async def test_no_provider_is_503_with_a_time_to_come_back(
    api: Call, prompts: None, settings: Settings
) -> None:
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_models": "openai:gpt-5.6-luna"})
    response = await api("POST", "/extract/sentiment", {"text": "a"})
    problem(response, 503, "unavailable")
    assert int(response["Retry-After"]) > 0


async def test_a_missing_prompt_is_a_problem_too(api: Call) -> None:
    problem(await api("POST", "/extract/sentiment", {"text": "a"}), 404, "not_found")


async def test_a_refusal_is_told_as_one(api: Call, model: WireServer) -> None:
    model.script(refusal())
    problem(await api("POST", "/extract/sentiment", {"text": "a"}), 422, "refused")


async def test_a_busy_provider_says_when_to_come_back(api: Call, model: WireServer) -> None:
    model.always(status(429, retry_after=300))
    response = await api("POST", "/extract/sentiment", {"text": "a"})
    problem(response, 429, "rate_limited")
    assert int(response["Retry-After"]) > 100


async def test_an_answer_that_never_complies_tells_what_it_cost(api: Call, model: WireServer) -> None:
    model.script(text("No."))
    body = {"text": "a", "max_attempts": 1}
    found = problem(await api("POST", "/extract/sentiment", body), 422, "bad_output")
    assert found["errors"][0]["pointer"] == ""
    assert (found["attempts"], found["text"]) == (1, "No.")
    assert found["usage"]["input_tokens"] > 0
    assert found["model"] == "openai:gpt-5.6-luna"


async def test_the_model_that_was_asked_for_answers(api: Call, model: WireServer) -> None:
    model.script(text(SENTIMENT))
    reply = await api("POST", "/extract/sentiment", {"text": "a", "model": "openai:gpt-5.5"})
    assert reply.json()["model"] == "openai:gpt-5.5"


async def test_the_schema_of_the_api_covers_every_endpoint(stranger: Call) -> None:
    schema = (await stranger("GET", "/openapi.json")).json()
    assert {"/api/v1/extract/{name}", "/api/v1/usage", "/api/v1/prompts", "/api/v1/conversations"} <= {
        path.rstrip("/") for path in schema["paths"]
    }
    names = schema["components"]["schemas"]["TextAndSchema"]["properties"]
    assert "schema" in names
    assert len(schema["components"]["securitySchemes"]) == 2


async def test_the_docs_page_has_no_inline_script(stranger: Call) -> None:
    page = await stranger("GET", "/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "<script>" not in page.content.decode()
    assert "cdn" not in page.content.decode()


async def test_a_signed_in_person_needs_a_csrf_token(alice: Any, model: WireServer) -> None:
    model.script(text(SENTIMENT))
    client = AsyncClient(enforce_csrf_checks=True)
    await client.aforce_login(alice)
    assert (await client.get("/api/v1/schemas")).status_code == 200
    address, body = "/api/v1/extract/sentiment", json.dumps({"text": "a"})
    problem(await client.post(address, body, content_type="application/json"), 403, "forbidden")  # type: ignore[arg-type]
    page = (await client.get("/api/v1/docs")).content.decode()
    token = page.partition('data-csrf-token="')[2].partition('"')[0]
    sent = await client.post(address, body, content_type="application/json", headers={"X-CSRFToken": token})
    assert sent.status_code == 200
