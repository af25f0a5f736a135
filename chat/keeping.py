"""What a person does with a conversation as a whole: begin, rename, pin, delete, restore."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Case, Value, When
from django.utils import timezone

from chat.models import Conversation

REGRET = timedelta(hours=1)  # in which a deleted conversation can be had back


def begin(user: Any, title: str = "") -> Conversation:
    """Make an empty conversation."""
    return Conversation.objects.create(owner=user, title=_tidy(title))


def rename(user: Any, pk: uuid.UUID, title: str) -> bool:
    """Give a conversation a title; False if the person has no such conversation."""
    return bool(Conversation.objects.visible_to(user).filter(pk=pk).update(title=_tidy(title)))


def pin(user: Any, pk: uuid.UUID, pinned: bool) -> bool:
    """Keep a conversation at the top of the list, or not; False if there is none."""
    return bool(Conversation.objects.visible_to(user).filter(pk=pk).update(pinned=pinned))


def toggle_pin(user: Any, pk: uuid.UUID) -> bool:
    """Keep a conversation at the top of the list, or let it go; False if there is none."""
    pinned = Case(When(pinned=True, then=Value(False)), default=Value(True))
    return bool(Conversation.objects.visible_to(user).filter(pk=pk).update(pinned=pinned))


def delete(user: Any, pk: uuid.UUID) -> bool:
    """Take a conversation from its owner's sight; False if there is none."""
    return bool(Conversation.objects.visible_to(user).filter(pk=pk).update(deleted_at=timezone.now()))


def deleted(user: Any, pk: uuid.UUID) -> Conversation | None:
    """Return a conversation that the person deleted a short time ago."""
    since = timezone.now() - REGRET
    return Conversation.objects.filter(owner=user, pk=pk, deleted_at__gt=since).first()


def restore(user: Any, pk: uuid.UUID) -> bool:
    """Bring a conversation back that was deleted a short time ago; False if there is none."""
    found = deleted(user, pk)
    return bool(found and Conversation.objects.filter(pk=found.pk).update(deleted_at=None))


def _tidy(title: str) -> str:
    return " ".join(title.replace("\0", "").split())[:200]  # PostgreSQL refuses NUL
