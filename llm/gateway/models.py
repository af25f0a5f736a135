"""What may stand in `model`: a model of a configured provider, the site's chain, or a prompt."""

import json
import re
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from llm import catalog
from llm.catalog_data import CARDS
from llm.gateway.errors import BadRequest
from llm.types import CachePolicy, PromptRef, Request, Schema

CHAIN = "parley"  # the alias of the site's own chain
PROMPT = re.compile(r"^prompt:([a-z0-9_-]+)(?:@([A-Za-z0-9_-]+))?$")


async def choose(request: Request, model: str) -> Request:
    """Return the request with its model or chain, and with the messages of a prompt before its own."""
    if model == CHAIN:
        return request
    if found := PROMPT.match(model):
        return await _by_prompt(request, found[1], found[2] or "production")
    resolved = catalog.resolve(model)
    if catalog.split(resolved)[0] not in configured():
        raise BadRequest(
            f"No key is set for {model}. Models of {', '.join(configured())} can be asked.",
            param="model",
            status=404,
            code="model_not_found",
        )
    return replace(request, model=resolved)


async def _by_prompt(request: Request, slug: str, label: str) -> Request:
    try:
        render = import_string(settings.LLM_PROMPTS)
        rendered: Any = await render(slug, label=label, subject=request.owner.subject)
    except Exception as error:
        if not hasattr(error, "sentence"):
            raise
        raise BadRequest(error.sentence, param="model", status=getattr(error, "status", 400)) from None
    return replace(
        request,
        messages=(*rendered.messages, *request.messages),
        chain=tuple(rendered.chain),
        prompt=PromptRef(slug=rendered.slug, version=rendered.version),
        cache=_cache(request.cache, rendered.cache_ttl),
        drain=rendered.on_stop == "drain",
        schema=request.schema or _schema(rendered),
        **_parameters(request, rendered.parameters),
    )


def _schema(rendered: Any) -> Schema | None:
    """A prompt's schema holds where the caller gave none."""
    text = rendered.output_schema
    return Schema(name=rendered.slug, json_schema=json.loads(text)) if text else None


def _parameters(request: Request, given: Any) -> dict[str, Any]:
    """A prompt's parameters hold where the caller gave none."""
    return {
        name: given[name]
        for name in ("temperature", "max_tokens")
        if name in given and getattr(request, name) is None
    }


def _cache(wished: CachePolicy, ttl: int | None) -> CachePolicy:
    """The caller may keep out of the cache; how long a reply is kept is the prompt's to say."""
    return wished if wished.ttl == 0 else replace(wished, ttl=ttl)


def configured() -> list[str]:
    """Return the providers that have what they need."""
    site = settings.PARLEY
    ready = {
        "openai": site.openai_api_key.get_secret_value() or site.openai_base_url,
        "anthropic": site.anthropic_api_key.get_secret_value() or site.anthropic_base_url,
        "local": site.parley_local_url,
    }
    return [provider for provider in catalog.PROVIDERS if ready[provider]]


def listed() -> list[dict[str, Any]]:
    """Return OpenAI's list of models: the chain's alias, the chain, then all known ones of each provider."""
    ready, today = set(configured()), timezone.now().date()
    known = [
        f"{card.provider}:{name}"
        for name, card in CARDS.items()
        if card.provider in ready and not card.shut_down(today)
    ]
    chain = [model for model in settings.PARLEY.model_chain if catalog.split(model)[0] in ready]
    names = dict.fromkeys([CHAIN, *chain, *known])
    return [
        {"id": name, "object": "model", "created": 0, "owned_by": catalog.split(name)[0]} for name in names
    ]
