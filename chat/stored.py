"""The frames of what is stored: how a generation began, and how it ended."""

import uuid

from django.conf import settings

from chat.frames import End, Start, wire_usage
from chat.models import Generation
from chat.turns import Outcome, Turn
from llm.money import money
from llm.types import PromptRef


def end_frame(generation: uuid.UUID, outcome: Outcome) -> End:
    """Return the frame that tells how a generation ended."""
    return End(
        generation=generation,
        seq=outcome.seq,
        finish=outcome.status,
        usage=wire_usage(outcome.usage),
        cost=money(outcome.cost),
        cached=outcome.cached,
        first_token_ms=outcome.first_token_ms,
        total_ms=outcome.total_ms,
    )


def ended(generation: Generation) -> End:
    """Return the end frame of a generation as it is stored."""
    message = generation.message
    return end_frame(
        generation.pk,
        Outcome(
            status=message.status,
            text="",
            seq=message.seq,
            usage=generation.usage,
            cost=generation.cost,
            cached=generation.cached,
            first_token_ms=generation.first_token_ms,
            total_ms=generation.total_ms,
        ),
    )


def started(generation: Generation) -> Start:
    """Return the start frame of a generation as it is stored, with its question."""
    question = generation.message.parent
    return Start(
        generation=generation.pk,
        message=generation.message_id,
        parent=generation.message.parent_id,
        client_id=question.client_id if question else None,
        model=generation.requested_model or settings.PARLEY.model_chain[0],
        prompt=generation.prompt,
        prompt_version=generation.prompt_version,
        run=generation.run_id,
    )


def start_frame(turn: Turn, model: str, prompt: PromptRef | None) -> Start:
    """Return the frame that tells that a turn begins."""
    return Start(
        generation=turn.generation,
        message=turn.message,
        parent=turn.parent,
        client_id=turn.client_id,
        model=model,
        prompt=prompt.slug if prompt else "",
        prompt_version=prompt.version if prompt else None,
        run=turn.run,
    )
