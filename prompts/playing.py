"""The playground: what a content answers, streamed over the real pipeline under the feature `playground`."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

import llm
from llm import amounts
from llm.types import CachePolicy, Delta, Reply
from prompts import rendering
from prompts.content import Content

FEATURE = "playground"
WAITING = 64  # events that a slow reader may be behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is asked: a content, what fills it, what is said after it; `version` is None for a draft."""

    slug: str
    version: int | None
    content: Content
    variables: Mapping[str, str]
    turns: Sequence[llm.Message]


def request_of(trial: Trial, who: User) -> llm.Request:
    """Return the request; raises PromptError for a content or variables that cannot be used."""
    content = trial.content
    content.check()
    said = rendering.render(content.messages, content.variables, trial.variables)
    limit: Any = content.parameters.get("max_tokens")
    schema = content.output_schema and llm.Schema(
        name=trial.slug, json_schema=json.loads(content.output_schema)
    )
    return llm.Request(
        messages=(*said, *trial.turns),
        chain=content.chain,
        model=next(iter(content.chain), None),
        temperature=content.parameters.get("temperature"),
        max_tokens=limit,
        schema=schema or None,
        feature=FEATURE,
        owner=llm.Owner(user_id=who.pk),
        prompt=llm.PromptRef(slug=trial.slug, version=trial.version) if trial.version else None,
        cache=CachePolicy(ttl=0),  # who tries again wants to see another answer, and true times
    )


async def events(request: llm.Request) -> AsyncGenerator[bytes]:
    """Yield server-sent events: `delta` with text, and at last `end` with figures or `error` with a sentence.

    Who stops reading stops the model.
    """
    pushed: asyncio.Queue[Delta | Reply | llm.LLMError] = asyncio.Queue(WAITING)
    call = asyncio.create_task(_run(request, pushed))
    try:
        while isinstance(item := await pushed.get(), Delta):
            if item.text:
                yield _event("delta", {"text": item.text})
        yield _last(item, request)
    finally:
        call.cancel()
        await asyncio.wait([call])


async def _run(request: llm.Request, pushed: "asyncio.Queue[Delta | Reply | llm.LLMError]") -> None:
    try:
        ended: Reply | llm.LLMError = await llm.run(request, pushed.put)
    except llm.LLMError as error:
        ended = error
    await pushed.put(ended)


def _last(ended: Reply | llm.LLMError, request: llm.Request) -> bytes:
    if isinstance(ended, llm.LLMError):
        return _event("error", {"code": ended.code, "text": ended.sentence, "request_id": str(request.id)})
    return _event(
        "end",
        {
            "finish": ended.finish,
            "request_id": str(request.id),
            "facts": [
                ended.model,
                f"{ended.usage.input_tokens:,} in, {ended.usage.output_tokens:,} out",
                amounts.charge(ended.cost, used=True),
                f"{amounts.seconds(ended.first_token_ms)}, {amounts.seconds(ended.total_ms)}",
            ],
        },
    )


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
