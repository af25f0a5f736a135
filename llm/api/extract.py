"""POST /extract: text in, checked data out."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import BaseModel, Field

from llm.api.caller import owner
from llm.api.faults import Fault, TooLarge
from llm.api.schemas import named
from llm.api.shapes import Payload, UsageOut, usage
from llm.extraction import Extraction, SchemaRefused, extract
from llm.money import money

router = Router(tags=["extraction"])

MAX_TEXT = 200_000


class Text(Payload):
    """A text, and how to treat it."""

    text: Annotated[str, Field(description=f"1 to {MAX_TEXT:,} characters.", min_length=1)]
    model: Annotated[str | None, Field(description="`provider:model`; the site's chain if not given.")] = None
    max_attempts: Annotated[int, Field(ge=1, le=5, description="How often the model may try.")] = 3
    cache: Annotated[bool, Field(description="False asks the model anew.")] = True


class TextAndSchema(Text):
    """A text with the JSON Schema (2020-12) of its answer."""

    json_schema: Annotated[
        dict[str, Any], Field(alias="schema", description="At most 64 KiB and 32 levels; no remote $ref.")
    ]


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


@router.post("/extract", response=Extracted, summary="Extract with a schema in the request")
async def by_schema(request: HttpRequest, payload: TextAndSchema) -> dict[str, Any]:
    """Extract what a JSON Schema in the request describes."""
    try:
        return await _extracted(request, payload.json_schema, payload)
    except SchemaRefused as error:
        error.errors = tuple({**e, "pointer": f"/schema{e['pointer']}"} for e in error.errors)
        raise


@router.post("/extract/{name}", response=Extracted, summary="Extract with a schema by name")
async def by_name(request: HttpRequest, name: str, payload: Text) -> dict[str, Any]:
    """Extract what a schema of GET /schemas describes."""
    return await _extracted(request, (await named(name)).schema, payload)


async def _extracted(
    request: HttpRequest, schema: type[BaseModel] | Mapping[str, Any], payload: Text
) -> dict[str, Any]:
    _check(payload.text)
    done: Extraction[Any] = await extract(
        schema,
        payload.text,
        model=payload.model,
        max_attempts=payload.max_attempts,
        cache=payload.cache,
        owner=owner(request),
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
    data = done.data.model_dump(mode="json") if isinstance(done.data, BaseModel) else done.data
    return {
        "data": data,
        "attempts": done.attempts,
        "repairs": list(done.repairs),
        "cached": done.cached,
        "model": done.model,
        "usage": usage(done.usage),
        "cost": money(done.cost),
        "prompt_version": done.prompt_version,
        "request_id": done.request_id,
    }
