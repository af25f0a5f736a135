"""A program that calls the API with a key, and a scripted model behind it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncClient
from pydantic import SecretStr
from pytest_django import Settings

from llm.models import ApiKey
from prompts.service import install_starters
from tests.wire import WireServer, wire

__all__ = ["Call", "api", "key", "model", "prompts", "stranger", "wire"]

type Call = Callable[..., Awaitable[Any]]

SENTIMENT = json.dumps({"sentiment": "positive", "confidence": 0.92, "reasoning": "Praise."})


@pytest.fixture
def key(alice: User) -> str:
    """Alice's key."""
    return ApiKey.objects.issue(user=alice, name="tests")[1]


@pytest.fixture
def prompts(db: None) -> None:
    """The prompts that ship with Parley."""
    install_starters()


@pytest.fixture
def model(wire: WireServer, settings: Settings, prompts: None) -> WireServer:
    """The scripted server as the only model of the site."""
    site = {"openai_base_url": wire.openai_url, "parley_models": "openai:gpt-5.6-luna"}
    settings.PARLEY = settings.PARLEY.model_copy(update={**site, "openai_api_key": SecretStr("scripted")})
    return wire


@pytest.fixture
def stranger() -> Call:
    """Call without a key: `await stranger("GET", "/health", headers=...)`; returns the response."""
    return _caller({})


@pytest.fixture
def api(key: str) -> Call:
    """Call with Alice's key: `await api("POST", "/extract/sentiment", {"text": "..."})`."""
    return _caller({"Authorization": f"Bearer {key}"})


def _caller(always: Mapping[str, str]) -> Call:
    async def call(
        method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return await AsyncClient(raise_request_exception=False).generic(
            method,
            f"/api/v1{path}",
            text,
            content_type="application/json",
            headers={**always, **(headers or {})},
        )

    return call


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """Return the body of a problem; fails unless it is one, in the documented shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    members = {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert members <= body.keys()
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["detail"].endswith((".", "?"))
    assert ("Retry-After" in response) == (status in {429, 503})
    assert all(error.keys() == {"pointer", "message"} for error in body["errors"])
    assert "Traceback" not in response.content.decode()
    return body
