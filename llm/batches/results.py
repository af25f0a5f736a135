"""Results as a file: the input beside the data, one line an item, as far as the batch is."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from llm.batches import shown
from llm.batches.cells import cell, flat
from llm.batches.columns import Columns
from llm.models import Batch, BatchItem

ROWS = 500  # at a time
BOM = "\ufeff"  # without it Excel takes UTF-8 for something else
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


def response(batch: Batch, kind: Literal["csv", "jsonl"]) -> StreamingHttpResponse:
    """Return the download of a batch."""
    lines = _csv(batch) if kind == "csv" else _json_lines(batch)
    found = StreamingHttpResponse(lines, content_type=TYPES[kind])
    name = (batch.title.rpartition(".")[0] or batch.title or batch.schema).replace("/", "-")
    found["Content-Disposition"] = content_disposition_header(True, f"{name}-results.{kind}") or "attachment"
    return found


async def _json_lines(batch: Batch) -> AsyncIterator[str]:
    columns = Columns.loads(batch.columns)
    async for items in _pages(batch):
        yield "".join(
            json.dumps({"input": columns.row(item.text, json.loads(item.fields)), **shown.entry(item)}) + "\n"
            for item in items
        )


async def _csv(batch: Batch) -> AsyncIterator[str]:
    columns, moment = Columns.loads(batch.columns), timezone.now()
    names = await _data_names(batch, moment)
    head = [*columns.names, "status", *(_apart(name, columns) for name in names), "error"]
    yield BOM + _lines([[cell(name) for name in head]])
    async for items in _pages(batch):
        yield _lines([_row(item, columns, names, moment) for item in items])


def _row(item: BatchItem, columns: Columns, names: list[str], moment: datetime) -> list[str]:
    given = columns.row(item.text, json.loads(item.fields))
    late = item.finished_at is not None and item.finished_at > moment  # its columns are not known
    found = {} if late or item.found is None else dict(flat(item.found))
    return [
        *(cell(given.get(name)) for name in columns.names),
        BatchItem.Status.RUNNING if late else item.status,
        *(cell(found.get(name)) for name in names),
        "" if late else cell((item.trouble or {}).get("detail")),
    ]


async def _data_names(batch: Batch, moment: datetime) -> list[str]:
    """The names of all data so far, in the order of their first appearance."""
    names: dict[str, None] = {}
    async for items in _pages(batch):
        for item in items:
            if item.finished_at and item.finished_at <= moment and item.data:
                names.update(dict.fromkeys(name for name, _ in flat(item.found)))
    return list(names)


async def _pages(batch: Batch) -> AsyncIterator[list[BatchItem]]:
    """Yield the items, some at a time: no cursor stays open while somebody downloads slowly."""
    after = -1
    while items := [item async for item in BatchItem.objects.filter(batch=batch, index__gt=after)[:ROWS]]:
        yield items
        after = items[-1].index


def _apart(name: str, columns: Columns) -> str:
    """A column of the data that is called like one of the input says so."""
    return f"data.{name}" if name in (*columns.names, "status", "error") else name


def _lines(rows: list[list[Any]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
