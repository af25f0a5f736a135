"""POST /batches: many texts, extracted in the background."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field as QueryField
from ninja import File, Form, Query, Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.files import UploadedFile
from pydantic import Field

from llm.api import examples
from llm.api.caller import owner
from llm.api.faults import Fault, NotFound
from llm.api.idempotent import idempotent
from llm.api.schemas import named
from llm.api.shapes import Payload, UsageOut
from llm.batches import files, results, service, shown
from llm.batches.service import MOST_AT_ONCE, MOST_SECONDS, Order
from llm.batches.texts import MOST_ITEMS, Text, checked
from llm.models import Batch, BatchItem

router = Router(tags=["batches"])

MOST_SHOWN = 1000

type Concurrency = Annotated[int, Field(ge=1, le=MOST_AT_ONCE, description="Texts at a time.")]
type Seconds = Annotated[float, Field(ge=1, le=MOST_SECONDS, description="Seconds for one text.")]
type Attempts = Annotated[int, Field(ge=1, le=5, description="How often the model may try a text.")]


class BatchIn(Payload):
    """Texts, the schema that each is extracted into, and how."""

    json_schema: Annotated[str, Field(alias="schema", description="A name of GET /schemas.")]
    items: Annotated[list[str], Field(description=f"1 to {MOST_ITEMS:,} texts.", min_length=1)]
    concurrency: Concurrency = 8
    timeout: Annotated[Seconds, Field(strict=False)] = 60
    model: Annotated[str | None, Field(description="`provider:model`; the site's chain if not given.")] = None
    max_attempts: Attempts = 3
    cache: Annotated[bool, Field(description="False asks the model anew.")] = True
    title: Annotated[str, Field(max_length=200, description="To find it again.")] = ""


class UploadIn(Schema):
    """How to read the file; the column is the one that is called text, or the only one, if not given."""

    schema_name: str = QueryField(alias="schema", description="A name of GET /schemas.")
    column: str = ""
    concurrency: Concurrency = 8
    timeout: Seconds = 60
    model: str = ""
    max_attempts: Attempts = 3
    cache: bool = True


class BatchOut(Schema):
    """How far it is. `done` counts the items that ended, the failed ones too; the money is of all of them.

    `reason` says why it was cancelled when nobody asked for that: its key was closed, or its owner shut out.
    """

    id: uuid.UUID
    status: Literal["queued", "running", "completed", "cancelled"]
    reason: str | None
    total: int
    done: int
    failed: int
    usage: UsageOut
    cost: str | None
    schema_name: str = QueryField(alias="schema")
    title: str
    created_at: datetime
    finished_at: datetime | None


class WholeBatchOut(BatchOut):
    """A batch with its items; `next` is the `after` of the next page, null on the last."""

    items: list[dict[str, Any]]
    next: int | None


class BatchesOut(Schema):
    batches: list[BatchOut]
    next: uuid.UUID | None


class ItemsIn(Schema):
    """Which items to show."""

    after: int = QueryField(-1, ge=-1, description="Only items behind this index.")
    limit: int = QueryField(MOST_SHOWN, ge=1, le=MOST_SHOWN)
    status: Literal["queued", "running", "done", "failed", "cancelled"] | None = None


class PageIn(Schema):
    """Which batches to show."""

    before: uuid.UUID | None = QueryField(None, description="Only batches that are older than this one.")
    limit: int = QueryField(50, ge=1, le=200)


@router.post(
    "/batches",
    response={202: BatchOut},
    by_alias=True,
    summary="Extract from many texts",
    openapi_extra=examples.BATCH,
)
@decorate_view(idempotent)
async def start(request: HttpRequest, payload: BatchIn) -> Status[dict[str, Any]]:
    """Queue texts; each is extracted by itself, and one that fails fails alone."""
    order = Order(
        schema=await named(payload.json_schema),
        title=payload.title,
        model=payload.model or "",
        max_attempts=payload.max_attempts,
        cache=payload.cache,
        concurrency=payload.concurrency,
        timeout=payload.timeout,
    )
    return Status(202, await _start(request, order, _texts(payload.items)))


@router.post(
    "/batches/upload", response={202: BatchOut}, by_alias=True, summary="Extract from a file of texts"
)
@decorate_view(idempotent)
async def upload(
    request: HttpRequest, payload: Form[UploadIn], file: File[UploadedFile]
) -> Status[dict[str, Any]]:
    """Queue the texts of a CSV or JSONL file; its other columns come back beside the data."""
    schema = await named(payload.schema_name)
    table = await sync_to_async(files.read)(file, file.name or "", payload.column)
    order = Order(
        schema=schema,
        title=(file.name or "")[:200],
        columns=table.columns,
        model=payload.model,
        max_attempts=payload.max_attempts,
        cache=payload.cache,
        concurrency=payload.concurrency,
        timeout=payload.timeout,
    )
    return Status(202, await _start(request, order, table.texts))


@router.get("/batches", response=BatchesOut, by_alias=True, summary="List your batches")
async def listed(request: HttpRequest, asked: Query[PageIn]) -> dict[str, Any]:
    """List your batches, the newest first."""
    found = Batch.objects.of(request.user)
    if asked.before:
        found = found.filter(pk__lt=asked.before)
    rows = [batch async for batch in found[: asked.limit + 1]]
    page = rows[: asked.limit]
    return {
        "batches": [shown.brief(row) for row in page],
        "next": page[-1].pk if len(rows) > len(page) else None,
    }


@router.get("/batches/{batch_id}", response=WholeBatchOut, by_alias=True, summary="How far is a batch?")
async def one(request: HttpRequest, batch_id: uuid.UUID, asked: Query[ItemsIn]) -> dict[str, Any]:
    """Say how far a batch is, with what its items came to so far."""
    return await _shown(await _own(request, batch_id), asked)


@router.delete("/batches/{batch_id}", response=WholeBatchOut, by_alias=True, summary="Cancel a batch")
async def cancel(request: HttpRequest, batch_id: uuid.UUID, asked: Query[ItemsIn]) -> dict[str, Any]:
    """Stop a batch within seconds; what is done stays. One that has ended stays as it is."""
    batch = await _own(request, batch_id)
    await sync_to_async(service.cancel)(batch.pk)
    return await _shown(await _own(request, batch_id), asked)


@router.post(
    "/batches/{batch_id}/retry", response={202: BatchOut}, by_alias=True, summary="Try again what failed"
)
@decorate_view(idempotent)
async def retry(request: HttpRequest, batch_id: uuid.UUID) -> Status[dict[str, Any]]:
    """Queue the failed and the cancelled items of a batch that has ended."""
    batch = await _own(request, batch_id)
    if not await sync_to_async(service.retry)(batch.pk):
        raise Conflict("Nothing of this batch can be tried again: it is under way, or nothing failed.")
    return Status(202, shown.brief(await _own(request, batch_id)))


@router.get("/batches/{batch_id}/results.{kind}", summary="Download the results")
async def download(
    request: HttpRequest, batch_id: uuid.UUID, kind: Literal["csv", "jsonl"]
) -> StreamingHttpResponse:
    """Download what there is so far as CSV or JSONL: the input beside the data, one line an item."""
    return results.response(await _own(request, batch_id), kind)


class Conflict(Fault):
    """Not in this state."""

    code, status = "conflict", 409


async def _start(request: HttpRequest, order: Order, texts: Iterable[Text]) -> dict[str, Any]:
    batch = await sync_to_async(service.start)(order, checked(texts), owner(request))
    return shown.brief(batch)


def _texts(items: list[str]) -> Iterable[Text]:
    for index, text in enumerate(items):
        yield Text(text=text, place=f"Item {index}", pointer=f"/items/{index}")


async def _own(request: HttpRequest, pk: uuid.UUID) -> Batch:
    if batch := await Batch.objects.of(request.user).filter(pk=pk).afirst():
        return batch
    raise NotFound("There is no such batch of yours.")


async def _shown(batch: Batch, asked: ItemsIn) -> dict[str, Any]:
    items = BatchItem.objects.filter(batch=batch, index__gt=asked.after)
    if asked.status:
        items = items.filter(status=asked.status)
    rows = [item async for item in items.defer("text", "fields")[: asked.limit + 1]]
    page = rows[: asked.limit]
    return shown.whole(batch, page, page[-1].index if len(rows) > len(page) else None)
