"""A scripted server in place of OpenAI's, and a prompt system that knows one prompt a slug."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_django import Settings

from llm.types import Message
from tests.wire import WireServer, wire

__all__ = ["wire"]

MODEL = "openai:gpt-4o-mini"  # takes a temperature, so that tests see it


async def render(slug: str, variables: Mapping[str, object], *, subject: str) -> Any:
    """Stand in for the prompt system."""
    messages = (
        Message(role="system", content=f"The prompt {slug}."),
        Message(role="user", content=str(variables["text"])),
    )
    return SimpleNamespace(
        slug=slug,
        version=7,
        messages=messages,
        chain=(),
        parameters={},
        cache_ttl=None,
        on_stop="stop",
    )


@pytest.fixture
def model(wire: WireServer, settings: Settings) -> WireServer:
    """The scripted server as the site's only model; its prompts come from `render` above."""
    settings.LLM_PROMPTS = f"{__name__}.render"
    settings.PARLEY = settings.PARLEY.model_copy(
        update={
            "openai_base_url": wire.openai_url,
            "openai_api_key": SecretStr("scripted"),
            "parley_models": MODEL,
        }
    )
    return wire


def said(server: WireServer, number: int) -> list[tuple[str, str]]:
    """Return role and content of the messages that the server was sent."""
    return [(m["role"], m["content"]) for m in server.requests[number].body["messages"]]


def sentiment(**changes: Any) -> str:
    """Return a valid answer, or one with something else in it."""
    good = {"sentiment": "positive", "confidence": 0.9, "reasoning": "Praise."}
    return json.dumps({**good, **changes})
