"""POST /extract: text in, checked data out, whole or as it grows."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema
from ninja.decorators import decorate_view
from pydantic import BaseModel, BeforeValidator, Field

from llm.api import examples
from llm.api.caller import owner
from llm.api.extract_events import Events, Show
from llm.api.faults import Fault, TooLarge
from llm.api.idempotent import idempotent
from llm.api.schemas import named
from llm.api.shapes import Payload, UsageOut, usage
from llm.extraction import Extraction, SchemaRefused, extract
from llm.extraction.contracts import plain
from llm.money import money

router = Router(tags=["extraction"])

MAX_TEXT = 200_000
SSE = {"responses": {200: {"description": "Events", "content": {"text/event-stream": {}}}}}


class Text(Payload):
    """A text, and how to treat it."""

    text: Annotated[str, Field(description=f"1 to {MAX_TEXT:,} characters.", min_length=1)]
    model: Annotated[str | None, Field(description="`provider:model`; the site's chain if not given.")] = None
    max_attempts: Annotated[int, Field(ge=1, le=5, description="How often the model may try.")] = 3
    cache: Annotated[bool, Field(description="False asks the model anew.")] = True


def _schema(value: Any) -> Any:
    """Refuse what is no schema in one sentence, not in one a type."""
    if not isinstance(value, dict | bool):
        raise ValueError("Send a JSON Schema: an object, true or false.")
    return value


class TextAndSchema(Text):
    """A text with the JSON Schema (2020-12) of its answer."""

    json_schema: Annotated[
        dict[str, Any] | bool,
        BeforeValidator(_schema),
        Field(
            alias="schema",
            description="At most 512 KiB and 100 levels; no remote $ref. A string with the format `quote` "
            "must stand in the text.",
        ),
    ]


class QuoteOut(Schema):
    """Where a string of the format `quote` stands: `text[start:end]`, in characters."""

    pointer: str
    start: int
    end: int


class Extracted(Schema):
    """Checked data and what it took. `repairs` says what was done to read the model's answer."""

    data: Any
    attempts: int
    repairs: list[str]
    cached: bool
    model: str
    usage: UsageOut
    cost: str | None
    prompt_version: int | None
    request_id: uuid.UUID
    quotes: list[QuoteOut] = []


@router.post(
    "/extract",
    response=Extracted,
    summary="Extract with a schema in the request",
    openapi_extra=examples.EXTRACT_BY_SCHEMA,
)
@decorate_view(idempotent)
async def by_schema(request: HttpRequest, payload: TextAndSchema) -> dict[str, Any]:
    """Extract what a JSON Schema in the request describes."""
    try:
        return await _extracted(request, payload.json_schema, payload)
    except SchemaRefused as error:
        error.errors = tuple({**e, "pointer": f"/schema{e['pointer']}"} for e in error.errors)
        raise


@router.post(
    "/extract/{name}",
    response=Extracted,
    summary="Extract with a schema by name",
    openapi_extra=examples.EXTRACT,
)
@decorate_view(idempotent)
async def by_name(request: HttpRequest, name: str, payload: Text) -> dict[str, Any]:
    """Extract what a schema of GET /schemas describes."""
    return await _extracted(request, (await named(name)).schema, payload)


@router.post(
    "/extract/{name}/stream",
    response=None,
    summary="Extract, shown as it grows",
    openapi_extra={**SSE, **examples.EXTRACT},
)
@decorate_view(idempotent)
async def streamed(request: HttpRequest, name: str, payload: Text) -> StreamingHttpResponse:
    """Extract as server-sent events.

    `partial` events hold `{"data": ...}`, in which nothing that was shown once is ever taken back; `result`
    is the reply of POST /extract/{name}, `error` a problem.
    """
    _check(payload.text)
    schema = (await named(name)).schema

    async def work(show: Show) -> dict[str, Any]:
        done = await _extracted(request, schema, payload, show)
        return Extracted.model_validate(done).model_dump(mode="json")

    response = StreamingHttpResponse(Events(work), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _extracted(
    request: HttpRequest,
    schema: type[BaseModel] | Mapping[str, Any] | bool,
    payload: Text,
    show: Show | None = None,
) -> dict[str, Any]:
    _check(payload.text)
    done: Extraction[Any] = await extract(
        schema,
        payload.text,
        model=payload.model,
        max_attempts=payload.max_attempts,
        cache=payload.cache,
        owner=owner(request),
        on_partial=show,
    )
    return _out(done)


def _check(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise TooLarge(
            f"The text has {len(text):,} characters; at most {MAX_TEXT:,} fit. Send it in parts.",
            pointer="/text",
        )
    if not text.strip():
        raise Fault("The text is empty. Send what should be read.", pointer="/text")


def _out(done: Extraction[Any]) -> dict[str, Any]:
    return {
        "data": plain(done.data),
        "attempts": done.attempts,
        "repairs": list(done.repairs),
        "cached": done.cached,
        "model": done.model,
        "usage": usage(done.usage),
        "cost": money(done.cost),
        "prompt_version": done.prompt_version,
        "request_id": done.request_id,
        "quotes": [{"pointer": q.pointer, "start": q.start, "end": q.end} for q in done.quotes],
    }
