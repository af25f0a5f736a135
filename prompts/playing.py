"""The playground: what a content answers, streamed over the real pipeline under the feature `playground`."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import llm
from llm import amounts
from llm.types import Delta, Reply

FEATURE = "playground"
WAITING = 64  # events that a slow reader may be behind


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
