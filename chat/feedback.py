"""Thumbs up, thumbs down, and why."""

import uuid
from typing import Any

from chat.models import Feedback, Message

LONGEST_NOTE = 2_000
GOOD, BAD, NONE = 1, -1, 0


def rate(user: Any, conversation: uuid.UUID, answer: uuid.UUID, value: int, note: str = "") -> bool:
    """Keep what the owner thinks of an answer, or forget it with 0; False if they have no such answer."""
    message = Message.objects.filter(
        pk=answer,
        role=Message.Role.ASSISTANT,
        conversation=conversation,
        conversation__owner=user,
        conversation__deleted_at=None,
    ).first()
    if message is None:
        return False
    if value == NONE:
        Feedback.objects.filter(message=message).delete()
    else:
        kept = {"value": value, "note": note.replace("\0", "").strip()[:LONGEST_NOTE]}
        Feedback.objects.update_or_create(message=message, defaults=kept)
    return True
