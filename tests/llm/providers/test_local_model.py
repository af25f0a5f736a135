"""The providers against a real model: llama.cpp speaks both wire formats."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest

from config.environment import Environment
from llm.errors import Rejected
from llm.providers import build
from llm.testing.local import local_model
from llm.types import Message, Schema
from tests.llm.providers.conftest import Asked

pytestmark = pytest.mark.local_model

MODELS = {"openai": "openai:smollm2", "anthropic": "anthropic:smollm2", "local": "local:smollm2"}
MOOD = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["good", "bad"]}},
    "required": ["mood"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    """The address of a local model that runs for this module."""
    with local_model() as url:
        yield url


@pytest.fixture(params=MODELS)
async def real(request: pytest.FixtureRequest, model_url: str) -> AsyncIterator[Asked]:
    """The model behind each provider in turn."""
    site = Environment(
        openai_base_url=f"{model_url}/v1", anthropic_base_url=model_url, parley_local_url=model_url
    )
    providers = build(site)
    yield Asked(request.param, providers[request.param])
    for provider in providers.values():
        await provider.close()


async def test_streams_an_answer_and_counts_its_tokens(real: Asked) -> None:
    question = (Message(role="user", content="Tell me about the sea."),)
    reply = await real.ask(model=MODELS[real.name], messages=question, max_tokens=24)
    assert len(real.text) >= 3
    assert reply.text == "".join(real.text)
    assert reply.finish in {"stop", "length"}
    assert reply.model == MODELS[real.name]
    assert 3 <= reply.usage.output_tokens <= 24
    assert reply.usage.input_tokens > 5
    assert not reply.estimated
    assert reply.upstream_id


async def test_answers_one_call_after_the_other(real: Asked) -> None:
    for _ in range(4):
        await real.ask(model=MODELS[real.name], max_tokens=1)


async def test_stops_at_the_limit(real: Asked) -> None:
    reply = await real.ask(model=MODELS[real.name], max_tokens=2)
    assert (reply.finish, reply.usage.output_tokens) == ("length", 2)


@pytest.mark.parametrize("real", ["openai", "local"], indirect=True)  # its /v1/messages knows no schema
async def test_answers_in_the_shape_that_was_asked_for(real: Asked) -> None:
    question = (Message(role="user", content="What a lovely day! Is my mood good or bad?"),)
    schema = Schema(name="mood", json_schema=MOOD)
    reply = await real.ask(model=MODELS[real.name], messages=question, schema=schema, max_tokens=60)
    assert json.loads(reply.text)["mood"] in {"good", "bad"}


async def test_says_that_a_text_is_too_long(real: Asked) -> None:
    question = (Message(role="user", content="word " * 12_000),)
    with pytest.raises(Rejected, match="too long"):
        await real.ask(model=MODELS[real.name], messages=question)
