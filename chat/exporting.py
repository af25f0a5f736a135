"""A conversation as a file, in pieces as they are read: Markdown of what is shown, JSON of the whole tree."""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from chat import reading
from chat.cards import as_text
from chat.frames import wire_usage
from chat.models import Conversation
from chat.reading import ThreadMessage
from llm.money import money

AT_ONCE = 100  # messages that are read in one go


async def as_markdown(conversation: Conversation, thread: list[ThreadMessage]) -> AsyncIterator[str]:
    """Yield the title, then every message of `thread` under its own heading, and what an agent did for it."""
    yield f"# {conversation}\n"
    for message in thread:
        steps = "".join(f"    {line}\n" for line in as_text(message.cards))
        yield f"\n## {_heading(message)}\n\n{steps and f'{steps}\n'}{message.content}\n"


async def as_json(conversation: Conversation) -> AsyncIterator[str]:
    """Yield one JSON object whose `messages` are every message of the conversation, oldest first."""
    head = {
        "id": str(conversation.pk),
        "title": conversation.title,
        "created_at": conversation.created_at.isoformat(),
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "messages": ['
    comma = "\n"
    rows, last = reading.rows(conversation).order_by("id"), uuid.UUID(int=0)
    while some := [row async for row in rows.filter(id__gt=last)[:AT_ONCE]]:
        for row in some:
            whole = _whole(reading.threaded(row))
            yield comma + json.dumps(whole, ensure_ascii=False, cls=DjangoJSONEncoder)
            comma = ",\n"
        last = some[-1].pk
    yield "\n]}\n"


def _heading(message: ThreadMessage) -> str:
    if message.role == "user":
        return _("You")
    made = [f"{message.prompt} v{message.prompt_version}" if message.prompt else "", message.model]
    made += ["" if message.cost is None else f"${money(message.cost)}"]
    made += ["" if message.status == "completed" else message.status]
    return ", ".join([_("Answer"), *filter(None, made)])


def _whole(message: ThreadMessage) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": str(message.id),
        "parent": str(message.parent) if message.parent else None,
        "role": message.role,
        "content": message.content,
        "status": message.status,
        "created_at": message.created_at.isoformat(),
    }
    if message.generation is None:
        return said
    return said | {
        "prompt": message.prompt,
        "prompt_version": message.prompt_version,
        "model": message.model,
        "usage": wire_usage(message.usage),
        "cost": money(message.cost),
        "cached": message.cached,
        "first_token_ms": message.first_token_ms,
        "total_ms": message.total_ms,
        "error": {"code": message.error_code, "text": message.error_text} if message.error_code else None,
        "steps": message.steps,
        "feedback": {"value": message.feedback, "note": message.note} if message.feedback else None,
    }
