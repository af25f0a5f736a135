"""The chat without a browser."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field, Query, Router, Schema, Status
from ninja.decorators import decorate_view

from chat import events, keeping, reading, service
from chat.door import Pass
from chat.errors import BadEventId, NotFound
from chat.frames import wire_usage
from chat.models import Conversation, Message
from chat.reading import ThreadMessage
from chat.turns import Asked
from llm import runloop
from llm.api.caller import owner
from llm.api.idempotent import idempotent
from llm.money import money

router = Router(tags=["chat"])

PAGE = 50


class NewConversation(Schema):
    title: str = Field("", max_length=200)


class ConversationOut(Schema):
    id: uuid.UUID
    title: str
    created_at: datetime


class ConversationChange(Schema):
    title: str | None = Field(None, max_length=200)
    pinned: bool | None = None


class Question(Schema):
    id: uuid.UUID = Field(description="Made by the client; sent twice, it asks once.")
    text: str
    prompt: str | None = None
    model: str | None = None
    parent: uuid.UUID | None = None
    agent: bool = Field(False, description="The answer may use tools; `steps` of it says which it used.")


class Begun(Schema):
    message: uuid.UUID
    generation: uuid.UUID


@router.post("/conversations", response={201: ConversationOut})
def begin(request: HttpRequest, payload: NewConversation) -> Status[Conversation]:
    """Make an empty conversation."""
    return Status(201, keeping.begin(request.user, payload.title))


@router.get("/conversations")
def conversations(request: HttpRequest, after: uuid.UUID | None = None, search: str = "") -> dict[str, Any]:
    """List your conversations, pinned ones first, then the latest; `next` continues as `after`."""
    found = reading.listed(request.user, limit=PAGE + 1, before=after, search=search)
    page = found[:PAGE]
    fields = ("id", "title", "updated_at", "pinned", "unread", "running", "waiting")
    return {
        "conversations": [{field: getattr(one, field) for field in fields} for one in page],
        "next": page[-1].id if len(found) > PAGE else None,
    }


@router.get("/conversations/{uuid:pk}", response=ConversationOut)
def conversation(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    """Look at one."""
    return _own(request, pk)


@router.patch("/conversations/{uuid:pk}", response=ConversationOut)
def change(request: HttpRequest, pk: uuid.UUID, payload: ConversationChange) -> Conversation:
    """Rename or pin one."""
    if payload.title is not None:
        keeping.rename(request.user, pk, payload.title)
    if payload.pinned is not None:
        keeping.pin(request.user, pk, payload.pinned)
    return _own(request, pk)


@router.delete("/conversations/{uuid:pk}", response={204: None})
def delete(request: HttpRequest, pk: uuid.UUID) -> Status[None]:
    """Delete one."""
    if not keeping.delete(request.user, pk):
        raise NotFound("This conversation does not exist.")
    return Status(204, None)


@router.get("/conversations/{uuid:pk}/messages")
def messages(request: HttpRequest, pk: uuid.UUID, all: bool = False) -> dict[str, Any]:  # noqa: A002
    """Read a conversation, oldest message first; an answer that is being written comes as far as it is.

    Of several answers to a question, and of several wordings of it, only the newest is in it, unless you
    ask for `all`.
    """
    conversation = _own(request, pk)
    found = _every(conversation) if all else reading.thread(conversation)
    return {"messages": [_shown(message) for message in found]}


@router.post("/conversations/{uuid:pk}/messages", response={202: Begun})
@decorate_view(idempotent)
async def ask(request: HttpRequest, pk: uuid.UUID, payload: Question) -> Status[Begun]:
    """Send a message; its answer is written in the background."""
    asked = Asked(
        text=payload.text,
        client_id=payload.id,
        prompt=payload.prompt or "",
        model=payload.model or "",
        parent=payload.parent,
        agent=payload.agent,
        key=owner(request).key_id,
    )
    turn = await runloop.join(service.send(request.user, pk, asked))
    return Status(202, Begun(message=turn.message, generation=turn.generation))


@router.get("/conversations/{uuid:pk}/events")
async def follow(
    request: HttpRequest,
    pk: uuid.UUID,
    generation: uuid.UUID | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
) -> StreamingHttpResponse:
    """Follow an answer as server-sent events: what comes after flush `after`, or after `Last-Event-ID`."""
    found = await runloop.join(events.find(request.user, pk, generation))
    ticket = Pass.of(request.user, owner(request).key_id, request.session)
    body = events.stream(ticket, pk, found, _last_event(request, after))
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _last_event(request: HttpRequest, after: int) -> int:
    """What a browser that reconnects has seen goes before what its address says."""
    said = request.headers.get("Last-Event-ID", "").strip()
    if not said:
        return after
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise BadEventId
    return int(said)


def _own(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    found = Conversation.objects.visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise NotFound("This conversation does not exist.")
    return found


def _every(conversation: Conversation) -> Iterator[ThreadMessage]:
    for row in reading.rows(conversation):
        if row.status == Message.Status.STREAMING:
            yield reading.message(conversation, row.pk) or reading.threaded(row)
        else:
            yield reading.threaded(row)


def _shown(message: ThreadMessage) -> dict[str, Any]:
    """Return a message in the API's shape."""
    return {
        "id": message.id,
        "parent": message.parent,
        "role": message.role,
        "content": message.content,
        "status": message.status,
        "generation": message.generation,
        "seq": message.seq,
        "prompt": message.prompt,
        "prompt_version": message.prompt_version,
        "model": message.model,
        "usage": wire_usage(message.usage),
        "cost": money(message.cost),
        "cached": message.cached,
        "first_token_ms": message.first_token_ms,
        "total_ms": message.total_ms,
        "error": {"code": message.error_code, "text": message.error_text} if message.error_code else None,
        "run": message.run,
        "steps": message.steps,
        "created_at": message.created_at,
    }
