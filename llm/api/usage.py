"""GET /usage: the ledger for programs."""

from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from llm.usage import Filters, span, summary

MOST_ROWS = 10_000

router = Router(tags=["usage"])


class UsageIn(Schema):
    """What to sum by, and of which time; UTC."""

    by: str = Field(
        "day",
        description="Comma-separated: day, hour, feature, provider, model, user, key, prompt_version.",
    )
    since: str = Field("", description="A date, a time, 7d or 24h. Default: 30 days ago.")
    until: str = Field("", description="The same, and itself not included. Default: now.")
    feature: str = Field("", description="Only this feature; filters combine.")
    model: str = Field("", description="Only this model, as provider:model.")
    user: str = Field("", description="Only this person, by name.")
    key: str = Field("", description="Only this API key, by its id.")
    prompt: str = Field("", description="Only this prompt.")
    prompt_version: str = Field("", description="Only this version of it.")


class FiguresOut(Schema):
    """Money in US dollars. `cost` is the least it was: `unpriced_calls` used tokens without a known price."""

    calls: int
    errors: int
    cached_calls: int
    unpriced_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: str | None
    saved: str


class UsageOut(Schema):
    """`rows` carry figures and each key named in `by`."""

    rows: list[dict[str, Any]]
    total: FiguresOut
    since: str
    until: str


@router.get("/usage", response=UsageOut, summary="What it cost")
async def usage(request: HttpRequest, asked: Query[UsageIn]) -> dict[str, Any]:
    """Sum the calls that you may see: staff everybody's, others their own."""
    start, end = span(asked.since, asked.until, now=datetime.now(UTC))
    keys = tuple(key.strip() for key in asked.by.split(",") if key.strip())
    found = await sync_to_async(summary)(
        request.user,
        since=start,
        until=end,
        by=keys,
        filters=Filters.of(asked.model_dump()),
        most=MOST_ROWS,
    )
    return {
        "rows": [{**row.keys, **row.figures.as_json()} for row in found.rows],
        "total": found.total.as_json(),
        "since": _stamp(start),
        "until": _stamp(end),
    }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
