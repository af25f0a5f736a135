"""What `manage.py check` says about the site's models."""

from datetime import date
from typing import Any

import pytest

from config.environment import Environment
from llm.checks import model_warnings

TODAY = date(2026, 11, 23)
KEYS: dict[str, Any] = {"openai_api_key": "sk-x", "anthropic_api_key": "sk-x"}


def told(models: str, **site: Any) -> list[tuple[str | None, str]]:
    warnings = model_warnings(Environment(parley_models=models, **site), TODAY)
    return [(warning.id, warning.msg) for warning in warnings]


def test_current_models_are_fine() -> None:
    assert told("anthropic:claude-haiku-5-5,openai:gpt-5.6-luna,local:smollm2", **KEYS) == []


def test_the_default_is_fine() -> None:
    assert told("") == []


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        ("openai:gpt-9", "parley.W001", "openai has no model 'gpt-9' that Parley knows."),
        ("openai:gpt-4o", "parley.W002", "openai:gpt-4o ends on 14 January 2027."),
        (
            "anthropic:claude-sonnet-4-5",
            "parley.W002",
            "anthropic:claude-sonnet-4-5 ends on 30 November 2026.",
        ),
        ("openai:gpt-4-turbo", "parley.W003", "openai:gpt-4-turbo is shut down: every call to it fails."),
    ],
)
def test_warns_of_each_kind(model: str, code: str, words: str) -> None:
    assert told(model, **KEYS) == [(code, words)]


def test_another_host_names_its_models_as_it_likes() -> None:
    assert told("openai:llama3.2:3b", openai_base_url="http://127.0.0.1:11434/v1") == []
    assert told("local:qwen", parley_local_url="http://127.0.0.1:8110") == []


def test_warns_of_a_model_without_a_key() -> None:
    expected = "PARLEY_MODELS names openai:gpt-5.6-luna, but OPENAI_API_KEY is not set."
    assert told("openai:gpt-5.6-luna") == [("parley.W004", expected)]
