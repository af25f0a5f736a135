"""Which providers a site has."""

import pytest

from config.environment import Environment
from llm.catalog import PROVIDERS
from llm.errors import Misconfigured
from llm.providers import build
from llm.providers.openai import OpenAI
from llm.types import Message, Request, discard

HI = (Message(role="user", content="Hi"),)


async def asked(site: Environment, model: str) -> str:
    """Return what a person is told when the provider cannot be asked."""
    providers = build(site)
    assert tuple(providers) == PROVIDERS
    with pytest.raises(Misconfigured) as caught:
        await providers[model.partition(":")[0]](Request(messages=HI, model=model), discard)
    for provider in providers.values():
        await provider.close()
    assert caught.value.elsewhere
    assert not caught.value.retryable
    return caught.value.sentence


async def test_a_provider_without_a_key_says_which_to_set() -> None:
    assert await asked(Environment(), "openai:gpt-5.6-luna") == "OpenAI has no key. Set OPENAI_API_KEY."
    assert (
        await asked(Environment(), "anthropic:claude-haiku-5-5")
        == "Anthropic has no key. Set ANTHROPIC_API_KEY."
    )


async def test_a_local_model_that_does_not_run_says_how_to_start_it() -> None:
    assert await asked(Environment(), "local:smollm2") == (
        "The local model is not running. Start Parley with `manage.py start`,"
        " or set OPENAI_API_KEY, ANTHROPIC_API_KEY or PARLEY_LOCAL_URL."
    )


async def test_a_key_that_was_copied_badly_says_so() -> None:
    assert "holds a character" in await asked(Environment(openai_api_key="sk-abc…xyz"), "openai:gpt-5.6-luna")


LIMITS = [
    ("", "max_completion_tokens", "OpenAI"),
    ("https://api.openai.com/v1", "max_completion_tokens", "OpenAI"),
    ("http://127.0.0.1:11434/v1", "max_tokens", "The server at 127.0.0.1:11434"),
]


@pytest.mark.parametrize(("url", "field", "title"), LIMITS)
async def test_another_server_gets_the_older_name_of_the_limit(url: str, field: str, title: str) -> None:
    provider = build(Environment(openai_api_key="sk-x", openai_base_url=url))["openai"]
    assert isinstance(provider, OpenAI)
    assert (provider.endpoint.limit_field, provider.endpoint.title) == (field, title)
    await provider.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8110", "http://127.0.0.1:8110/", "http://127.0.0.1:8110/v1"]
)
async def test_the_local_address_may_be_the_root_or_v1(url: str) -> None:
    provider = build(Environment(parley_local_url=url))["local"]
    assert isinstance(provider, OpenAI)
    assert provider.endpoint.base_url == "http://127.0.0.1:8110/v1"
    await provider.close()
