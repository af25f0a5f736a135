"""A call in the words of OpenTelemetry's conventions for generative AI (its repository's main, 2026)."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from llm.entry import Entry
from llm.providers import ANTHROPIC_URL, OPENAI_URL
from llm.telemetry import spans
from llm.types import Reply, Request, Usage

type Attributes = dict[str, Any]

_PORTS = {"http": 80, "https": 443}


def asked(request: Request, model: str) -> Attributes:
    """Return what is known of a call before it is made; `model` is `provider:model`."""
    return {
        "gen_ai.operation.name": "chat",
        **_whom(model),
        "gen_ai.output.type": "json" if request.schema else "text",
        **_given("gen_ai.request.temperature", request.temperature),
        **_given("gen_ai.request.max_tokens", request.max_tokens),
        **_given("gen_ai.request.stop_sequences", list(request.stop) or None),
        "parley.feature": request.feature,
        "parley.request_id": str(request.id),
        **_given("parley.prompt", request.prompt and f"{request.prompt.slug}@{request.prompt.version}"),
    }


def answered(reply: Reply) -> Attributes:
    """Return what is known of a call once its answer is whole."""
    provider, _, name = reply.model.partition(":")
    first = None if reply.first_token_ms is None else reply.first_token_ms / 1000
    return {
        **server(provider),
        "gen_ai.provider.name": provider,
        "gen_ai.response.model": name,
        "gen_ai.response.finish_reasons": [reply.finish],
        **_given("gen_ai.response.id", reply.upstream_id or None),
        **_given("gen_ai.response.time_to_first_chunk", first),
        "parley.cached": reply.cached,
    }


def spent(request: Request) -> Attributes:
    """Return what a call used over all its attempts, however it ended."""
    used: Usage = request.tab.usage
    return {
        "gen_ai.usage.input_tokens": used.input_tokens,
        "gen_ai.usage.output_tokens": used.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": used.cached_tokens,
        "gen_ai.usage.cache_creation.input_tokens": used.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": used.reasoning_tokens,
        **_given("parley.cost_dollars", None if request.tab.cost is None else float(request.tab.cost)),
    }


def server(provider: str) -> Attributes:
    """Return where a provider is asked."""
    site = settings.PARLEY
    urls = {
        "openai": site.openai_base_url or OPENAI_URL,
        "anthropic": site.anthropic_base_url or ANTHROPIC_URL,
        "local": site.parley_local_url,
    }
    parts = urlsplit(urls.get(provider, ""))
    if not parts.hostname:
        return {}
    return {"server.address": parts.hostname, "server.port": parts.port or _PORTS.get(parts.scheme, 0)}


def trace(entry: Entry) -> None:
    """Trace an attempt that ended just now, as a child of its call; an answer from the cache is none."""
    request, reply = entry.request, entry.reply
    if not spans.traced() or reply.cached or settings.PARLEY.call_log_mode(request.feature) == "off":
        return
    spans.past(
        f"attempt {reply.model.partition(':')[2]}",
        {**_whom(reply.model), **_given("gen_ai.response.id", reply.upstream_id or None)},
        request.origin.traceparent,
        end=time.time_ns(),
        ms=reply.total_ms or 0,
        error="" if entry.outcome == "ok" else entry.outcome,
    )


def contents(request: Request, reply: Reply) -> Attributes:
    """Return what was said, as the call log keeps it; takes a moment, so not on the loop."""
    from llm.models.bodies import said  # the pipeline can be imported before the apps are ready

    kept = said(request, reply)
    asked_for = kept.request["messages"]
    rules = [message for message in asked_for if message["role"] == "system"]
    turns = [message for message in asked_for if message["role"] != "system"]
    answer = {"role": "assistant", "parts": _parts({**kept.reply, "content": kept.reply["text"]})}
    return {
        "gen_ai.system_instructions": json.dumps([_text(message["content"]) for message in rules]),
        "gen_ai.input.messages": json.dumps(
            [{"role": message["role"], "parts": _parts(message)} for message in turns]
        ),
        "gen_ai.output.messages": json.dumps([{**answer, "finish_reason": reply.finish}]),
    }


def _parts(message: Mapping[str, Any]) -> list[Attributes]:
    content = message["content"]
    if message.get("tool_call_id") is not None:
        return [{"type": "tool_call_response", "id": message["tool_call_id"], "response": content}]
    calls = [{"type": "tool_call", **call} for call in message.get("tool_calls", ())]
    return [*([_text(content)] if content else []), *calls]


def _text(content: str) -> Attributes:
    return {"type": "text", "content": content}


def _whom(model: str) -> Attributes:
    provider, _, name = model.partition(":")
    return {"gen_ai.provider.name": provider, "gen_ai.request.model": name, **server(provider)}


def _given(name: str, value: Any) -> Attributes:
    return {} if value is None else {name: value}
