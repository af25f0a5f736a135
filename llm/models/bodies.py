"""What was asked and answered, by default redacted before it is written, for as long as retention allows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from llm.redaction.cutting import kept_head
from llm.types import Message, Reply, Request, Schema, ToolCall

if TYPE_CHECKING:
    from llm.entry import Entry

MOST = 65_536  # characters of text in a request, and in a reply
EACH = 64  # what a message counts beside its text
TOOLS = 200


class CallBody(models.Model):
    """The text of a call, apart from its row in the ledger: `purge` removes it, the row stays."""

    call = models.OneToOneField("llm.Call", models.CASCADE, primary_key=True, related_name="body")
    request = models.JSONField()
    reply = models.JSONField()
    cut = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name_plural = "call bodies"

    def __str__(self) -> str:
        return f"body of {self.call_id}"

    @classmethod
    def values_of(cls, call: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
        """Return the values of the body of an entry whose row has the values of `call`.

        Takes a millisecond for some kilobytes, so not on the loop.
        """
        kept = said(entry.request, entry.reply)
        return {
            "call_id": call["id"],
            "request": kept.request,
            "reply": kept.reply,
            "cut": kept.cut,
            "created_at": call["created_at"],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was asked and answered, as it may be kept; `cut` where it was too long to keep all of it."""

    request: dict[str, Any]
    reply: dict[str, Any]
    cut: bool


def said(request: Request, reply: Reply) -> Said:
    """Return what a call's texts look like in the log of its feature."""
    mode = settings.PARLEY.call_log_mode(request.feature)
    asked, answered = Room(MOST, mode), Room(MOST, mode)
    return Said(
        request=_asked(request, asked),
        reply=_answered(reply, answered),
        cut=asked.full or answered.full,
    )


class Room:
    """A number of characters that texts share; what comes when it is full is cut."""

    def __init__(self, size: int, mode: str = "redacted") -> None:
        self.left = size
        self.mode = mode
        self.full = False

    def text(self, text: str) -> str:
        """Return the text as it may be kept, or as much of it as there is room for."""
        shown = kept_head(text, max(0, self.left), self.mode)
        self.full = self.full or len(shown) > self.left
        self.left -= len(shown)
        return shown

    def take(self, size: int) -> bool:
        """Set `size` characters aside; False if there are none left."""
        self.left -= size
        self.full = self.full or self.left < 0
        return self.left >= 0


def _asked(request: Request, room: Room) -> dict[str, Any]:
    return {
        "model": room.text(request.model or ""),
        "temperature": _finite(request.temperature),
        "max_tokens": request.max_tokens,
        "stop": [room.text(stop) for stop in request.stop[:TOOLS]],
        "tools": [room.text(tool.name) for tool in request.tools[:TOOLS]],
        "tool_choice": request.tool_choice and room.text(request.tool_choice),
        **_messages(request.messages, room),
        "schema": _schema(request.schema, room),
    }


def _messages(messages: tuple[Message, ...], room: Room) -> dict[str, Any]:
    """The instructions and the newest messages come first where there is not room for all."""
    order = sorted(range(len(messages)), key=lambda place: (messages[place].role != "system", -place))
    kept: dict[int, Any] = {}
    for place in order:
        if not room.take(EACH):
            break
        kept[place] = _message(messages[place], room)
    shown = [kept[place] for place in sorted(kept)]
    return {"messages": shown, "messages_left_out": len(messages) - len(shown)}


def _message(message: Message, room: Room) -> dict[str, Any]:
    shown: dict[str, Any] = {"role": message.role, "content": room.text(message.content)}
    if message.tool_calls:
        shown["tool_calls"] = _tool_calls(message.tool_calls, room)
    if message.tool_call_id is not None:
        shown["tool_call_id"] = room.text(message.tool_call_id)
    return shown


def _tool_calls(calls: tuple[ToolCall, ...], room: Room) -> list[dict[str, str]]:
    return [
        {"id": room.text(call.id), "name": room.text(call.name), "arguments": room.text(call.arguments)}
        for call in calls
        if room.take(EACH)
    ]


def _schema(schema: Schema | None, room: Room) -> dict[str, str] | None:
    """As text: a caller's schema may hold what a JSON column refuses."""
    if schema is None:
        return None
    text = json.dumps(schema.json_schema, ensure_ascii=False, default=str)
    return {"name": room.text(schema.name), "json_schema": room.text(text)}


def _answered(reply: Reply, room: Room) -> dict[str, Any]:
    return {"text": room.text(reply.text), "tool_calls": _tool_calls(reply.tool_calls, room)}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
