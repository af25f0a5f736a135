"""The table of models, beside what the installed SDKs list."""

import inspect
import re
from datetime import date, datetime
from typing import get_args

import pytest
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from anthropic.types.model import Model
from openai.types.shared import chat_model

from llm import catalog
from llm.catalog import Card, card, resolve
from llm.errors import Rejected

OPENAI = get_args(chat_model.ChatModel)
ANTHROPIC = get_args(get_args(Model)[0])


@pytest.mark.parametrize("name", OPENAI)
def test_knows_each_model_of_the_openai_sdk(name: str) -> None:
    assert card(f"openai:{name}").known


@pytest.mark.parametrize("name", ANTHROPIC)
def test_knows_each_model_of_the_anthropic_sdk(name: str) -> None:
    assert card(f"anthropic:{name}").known


def test_agrees_with_openai_on_every_end() -> None:
    notes = " ".join(inspect.getsource(chat_model).split())
    told = {
        name: date.fromisoformat(end)
        for names, end in re.findall(r'- ((?:"[^"]+",? ?)+): Announced shutdown date: ([\d-]+)', notes)
        for name in re.findall(r'"([^"]+)"', names)
    }
    assert len(told) > 50
    assert {name: card(f"openai:{name}").ends for name in OPENAI} == {name: told.get(name) for name in OPENAI}


def test_agrees_with_anthropic_on_every_end() -> None:
    for name, told in DEPRECATED_MODELS.items():
        end = datetime.strptime(re.sub(r"(\d)(st|nd|rd|th),", r"\1", told), "%B %d %Y").date()  # noqa: DTZ007 a day
        assert card(f"anthropic:{name}").ends == end, name
    current = [name for name in ANTHROPIC if name not in DEPRECATED_MODELS]
    assert not [name for name in current if card(f"anthropic:{name}").ends]


def test_the_models_that_we_recommend_are_current() -> None:
    for provider, name in catalog.CURRENT.items():
        found = card(f"{provider}:{name}")
        assert (found.known, found.provider, found.ends) == (True, provider, None)


@pytest.mark.parametrize("name", ["gpt-4-turbo", "gpt-4", "gpt-3.5-turbo", "o1", "o3-mini", "o4-mini"])
def test_knows_what_is_shut_down(name: str) -> None:
    assert card(f"openai:{name}").shut_down(date(2026, 11, 23))
    assert not card(f"openai:{name}").shut_down(date(2026, 10, 22))


def test_a_name_that_never_was_a_model_is_shut_down() -> None:
    assert card("openai:gpt-5.1-mini").shut_down(date(2025, 1, 1))


def test_a_dated_name_is_its_models_unless_it_has_its_own_card() -> None:
    assert card("anthropic:claude-3-5-sonnet-20241022") == card("anthropic:claude-3-5-sonnet")
    assert card("openai:gpt-4o-2024-08-06") == card("openai:gpt-4o")
    assert card("openai:gpt-4o-2024-05-13") != card("openai:gpt-4o")


@pytest.mark.parametrize("model", ["openai:gpt-9", "anthropic:gpt-5.5", "", "local:llama3.2"])
def test_an_unknown_model_gets_the_defaults(model: str) -> None:
    assert card(model) == Card()
    assert not card(model).known


def test_the_local_model_is_small_and_has_no_tools() -> None:
    found = card("local:smollm2")
    assert (found.context_tokens, found.default_max_tokens, found.tools) == (8192, 512, False)
    assert found.temperature
    assert found.json_schema


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("openai:gpt-5.6-luna", "openai:gpt-5.6-luna"),
        ("openai:llama3.2:3b", "openai:llama3.2:3b"),
        ("local:anything", "local:anything"),
        ("gpt-5.6-luna", "openai:gpt-5.6-luna"),
        ("claude-haiku-4-5-20251001", "anthropic:claude-haiku-4-5-20251001"),
        ("smollm2", "local:smollm2"),
    ],
)
def test_resolves_full_names_and_bare_names_that_it_knows(name: str, full: str) -> None:
    assert resolve(name) == full


@pytest.mark.parametrize("name", ["gpt-9", "llama3.2:3b", "openai:", ":x", "", "x" * 10_000])
def test_says_how_to_write_a_name_that_it_does_not_know(name: str) -> None:
    with pytest.raises(Rejected, match="openai:NAME, anthropic:NAME, local:NAME") as caught:
        resolve(name)
    assert len(caught.value.sentence) < 250
