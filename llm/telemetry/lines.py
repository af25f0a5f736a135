"""One line of the log an attempt, or a kept reply: figures, never a text."""

import logging

from django.conf import settings

from llm.entry import Entry
from llm.money import money

logger = logging.getLogger(__name__)


def log(entry: Entry) -> None:
    """Log what a call came to, where the site wants it known."""
    request, reply = entry.request, entry.reply
    if settings.PARLEY.call_log_mode(request.feature) == "off":
        return
    figures = {
        "model": reply.model,
        "feature": request.feature,
        "outcome": entry.outcome,
        "cached": reply.cached,
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
        "cost": money(reply.cost),
        "first_token_ms": reply.first_token_ms,
        "total_ms": reply.total_ms,
        "call": str(request.id),
    }
    logger.info("llm.call", extra=figures)
