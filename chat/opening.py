"""What a socket is told first: of many that open at the same time, one query each for all."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from chat.models import Conversation, Generation, Message
from llm.groupread import GroupRead

NEWEST = 20  # answers that a socket is taken to know when it opens


class Known(NamedTuple):
    """An answer that a socket is taken to know; `run` is the agent's that writes it, if one does."""

    generation: uuid.UUID
    message: uuid.UUID
    is_streaming: bool
    run: uuid.UUID | None


async def title(user: Any, conversation: uuid.UUID) -> str | None:
    """Return the title of a conversation, or None if the person has no such conversation."""
    return await _titles.get((user.pk, conversation))


async def newest(conversation: uuid.UUID) -> Sequence[Known]:
    """Return the newest answers of a conversation, newest first."""
    return await _newest.get(conversation) or ()


def _read_titles(wanted: Sequence[tuple[int, uuid.UUID]]) -> Mapping[tuple[int, uuid.UUID], str]:
    rows = Conversation.objects.each_visible_to(wanted).order_by()
    return {(owner, pk): title for owner, pk, title in rows.values_list("owner", "pk", "title")}


def _read_newest(conversations: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Known]]:
    place = Window(RowNumber(), partition_by=F("message__conversation"), order_by=F("pk").desc())
    rows = Generation.objects.filter(message__conversation__in=conversations).annotate(place=place)
    newest = rows.filter(place__lte=NEWEST).order_by("-pk")
    found: defaultdict[uuid.UUID, list[Known]] = defaultdict(list)
    fields = ("message__conversation", "pk", "message", "message__status", "run")
    for conversation, pk, message, status, run in newest.values_list(*fields):
        found[conversation].append(Known(pk, message, status == Message.Status.STREAMING, run))
    return found


_titles = GroupRead(_read_titles, name="titles")
_newest = GroupRead(_read_newest, name="newest")
