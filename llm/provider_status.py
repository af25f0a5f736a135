"""How each provider does: its state, and one tiny real call that tells more."""

import asyncio
import math
from dataclasses import dataclass
from typing import Any

import httpx2
from django.conf import settings
from pydantic import SecretStr

import llm
from llm.amounts import charge, plural, seconds
from llm.catalog import CURRENT, split
from llm.client import ill_models
from llm.types import CachePolicy

ANSWER_WITHIN = 1.0  # seconds that the local server has to say that it lives
NOBODY = llm.Owner()
SHOWN = 60  # characters of an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What a test call came to, in one sentence."""

    ok: bool
    sentence: str


async def states() -> dict[str, dict[str, Any]]:
    """Return each provider's state: `ok`, `no_key`, `down`, `off`, or `open` where a breaker has opened."""
    site = settings.PARLEY
    found: dict[str, dict[str, Any]] = {
        "openai": {"state": _hosted_state(site.openai_api_key, site.openai_base_url)},
        "anthropic": {"state": _hosted_state(site.anthropic_api_key, site.anthropic_base_url)},
        "local": {"state": await _local_state(site.parley_local_url)},
    }
    for model, wait in ill_models().items():
        provider, _ = split(model)
        if found[provider]["state"] == "ok":
            found[provider] = {"state": "open", "model": model, "retry_after": math.ceil(wait)}
    return found


def models(provider: str) -> tuple[str, ...]:
    """Return the models of a provider in the chain, without its name."""
    return tuple(name for owner, name in map(split, settings.PARLEY.model_chain) if owner == provider)


async def test(provider: str, *, owner: llm.Owner = NOBODY) -> TestResult:  # noqa: PT028 tests a provider
    """Ask a provider's first model to say hello; costs a few tokens, booked as the feature "test"."""
    name = next(iter(models(provider)), CURRENT[provider])
    request = llm.Request(
        messages=(llm.Message(role="user", content="Say hello in one word."),),
        model=f"{provider}:{name}",
        max_tokens=8,
        feature="test",
        owner=owner,
        cache=CachePolicy(ttl=0),
        deadline=20,
    )
    try:
        reply = await llm.run(request)
    except llm.LLMError as error:
        return TestResult(ok=False, sentence=f"{name} did not answer. {error.sentence}")
    return TestResult(ok=True, sentence=_said(name, reply))


def _said(name: str, reply: llm.Reply) -> str:
    tokens = reply.usage.input_tokens + reply.usage.output_tokens
    text = " ".join(reply.text.split())
    shown = text if len(text) <= SHOWN else text[:SHOWN].rstrip() + "…"
    answered = f"answered “{shown}”" if shown else "answered without a word"
    cost = "price unknown" if reply.cost is None else charge(reply.cost, used=True)
    return f"{name} {answered} in {seconds(reply.total_ms)}; {plural(tokens, 'token')}, {cost}."


def _hosted_state(key: SecretStr, address: str) -> str:
    """A server of one's own may need no key."""
    return "ok" if key.get_secret_value() or address else "no_key"


async def _local_state(address: str) -> str:
    if not address:
        return "down" if models("local") else "off"
    try:
        async with (
            asyncio.timeout(ANSWER_WITHIN),
            httpx2.AsyncClient(trust_env=False) as client,  # a proxy cannot reach this machine
        ):
            answer = await client.get(address.rstrip("/").removesuffix("/v1") + "/health")
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
        return "down"
    return "ok" if answer.is_success else "down"
