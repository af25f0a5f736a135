"""What of the chat is too old to keep."""

from datetime import datetime, timedelta

from chat.models import GenerationEvent, Message
from llm.retention import Old

KEPT = timedelta(days=7)  # in which a reader may still come back for the flushes of an answer


def old_events(now: datetime) -> Old:
    """The logs of answers that ended a while ago; their messages hold the whole text."""
    rows = GenerationEvent.objects.filter(generation__heartbeat_at__lt=now - KEPT).exclude(
        generation__message__status=Message.Status.STREAMING
    )
    return Old(name="chat events", rows=rows, why=f"of answers that ended more than {KEPT.days} days ago")
