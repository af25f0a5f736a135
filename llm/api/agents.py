"""Runs of agents: start one, look, follow, stop, decide."""

import json
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status
from ninja.decorators import decorate_view
from pydantic import Field

from llm.agents import journal, registry, service, watch, wire
from llm.agents.service import Order
from llm.api.caller import owner
from llm.api.faults import Fault
from llm.api.idempotent import idempotent
from llm.api.shapes import Payload
from llm.models.agents import AgentRun, AgentStep

router = Router(tags=["agents"])

PAGE = 50


class Goal(Payload):
    """What an agent shall do. `budget` is in US dollars, as text or number."""

    goal: Annotated[str, Field(min_length=1, max_length=20_000)]
    tools: Annotated[list[str] | None, Field(description="Names of GET /agents/tools; all if not given.")] = (
        None
    )
    model: Annotated[str | None, Field(description="`provider:model`; the site's chain if not given.")] = None
    instructions: Annotated[str, Field(max_length=20_000)] = ""
    max_iterations: Annotated[int, Field(ge=1, le=50)] = 10
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_seconds: Annotated[int, Field(ge=1, le=86_400)] = service.MAX_SECONDS
    budget: Annotated[Decimal | None, Field(gt=0, max_digits=18, decimal_places=9, strict=False)] = None


class Decision(Payload):
    """May the call of a step go on?"""

    step: int
    approved: bool
    note: Annotated[str, Field(max_length=2000)] = ""


@router.get("/agents/tools", summary="List the tools")
def tools(request: HttpRequest) -> dict[str, Any]:
    """List the tools that agents may use for you."""
    return {
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.wire.parameters,
                "crash": tool.crash,
                "approval": tool.approval,
            }
            for tool in registry.allowed(request.user)
        ]
    }


@router.post("/agents/runs", response={202: dict[str, Any]}, summary="Start a run")
@decorate_view(idempotent)
def start(request: HttpRequest, payload: Goal) -> Status[dict[str, Any]]:
    """Set an agent on a goal; it works in the background."""
    order = Order(max_cost=payload.budget, **payload.model_dump(exclude={"budget"}))
    return Status(202, wire.run(service.start(request.user, order, owner(request)), ()))


@router.get("/agents/runs", summary="List your runs")
def runs(request: HttpRequest, after: uuid.UUID | None = None) -> dict[str, Any]:
    """List your runs, the newest first, without their steps; `next` continues as `after`."""
    rows = AgentRun.objects.visible_to(request.user)
    page = list((rows.filter(pk__lt=after) if after else rows)[: PAGE + 1])
    return {
        "runs": [wire.run(row, ()) for row in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
    }


@router.get("/agents/runs/{uuid:pk}", response=dict[str, Any], summary="Look at a run")
def one(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    """Look at a run and its steps."""
    return _shown(service.find(request.user, pk))


@router.post("/agents/runs/{uuid:pk}/cancel", response=dict[str, Any], summary="Stop a run")
def cancel(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    """Stop a run; one that has ended stays as it is."""
    return _shown(service.cancel(request.user, pk))


@router.post("/agents/runs/{uuid:pk}/approve", response=dict[str, Any], summary="Decide on a call")
def approve(request: HttpRequest, pk: uuid.UUID, payload: Decision) -> dict[str, Any]:
    """Let a call that waits go on, or not; the note is told to the model."""
    run = service.approve(request.user, pk, payload.step, approved=payload.approved, note=payload.note)
    return _shown(run)


@router.get("/agents/runs/{uuid:pk}/events", summary="Follow a run")
async def events(
    request: HttpRequest, pk: uuid.UUID, after: Annotated[int, Query(ge=0)] = 0
) -> StreamingHttpResponse:
    """Follow a run as server-sent events.

    `step` carries a step whenever something happens to it, `run` the run when it begins to wait, goes on or
    ends. The id of an event, as `after` or `Last-Event-ID`, goes on from there.
    """
    await sync_to_async(service.find)(request.user, pk)
    body = _events(request.user, pk, _last_event(request, after))
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(user: Any, pk: uuid.UUID, after: int) -> AsyncIterator[bytes]:
    async for news in watch.follow(pk, after):
        if news is None:
            yield b": still here\n\n"
        elif news.record is not None:
            yield _event("step", news.seq, wire.step(news.record))
        elif news.status != "gone":
            yield _event("run", news.seq, await sync_to_async(_found)(user, pk))


def _event(name: str, seq: int, data: Any) -> bytes:
    written = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False)
    return f"event: {name}\nid: {seq}\ndata: {written}\n\n".encode()


def _last_event(request: HttpRequest, after: int) -> int:
    """What a browser that reconnects has seen goes before what its address says."""
    said = request.headers.get("Last-Event-ID", "").strip()
    if not said:
        return after
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Fault("Last-Event-ID is not an id of this stream.")
    return int(said)


def _found(user: Any, pk: uuid.UUID) -> dict[str, Any]:
    return _shown(service.find(user, pk))


def _shown(row: AgentRun) -> dict[str, Any]:
    return wire.run(row, map(journal.record, AgentStep.objects.of(row.pk)))
