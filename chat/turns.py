"""A turn, a question and the answer to it, from what is asked to how it ends."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from chat import log
from chat.errors import EmptyText, NotFound, TextTooLong
from chat.models import Conversation, Generation, Message
from llm.types import Usage

LONGEST_TEXT = 32_000  # characters of one message
TITLE_LENGTH = 60
NOTHING = Usage()
FIGURES = ("model", "estimated", "cost", "cached", "first_token_ms", "total_ms")
TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to store, and how to answer it.

    `parent` is the message that it follows, None the newest one of the conversation; `instead_of` names a
    question to stand beside. `key` is the API key that asks, for the ledger. `going_on`: the new answer
    begins with the text of the old one. `agent`: it may use tools.
    """

    text: str = ""
    client_id: uuid.UUID | None = None
    prompt: str = ""
    prompt_version: int | None = None
    model: str = ""
    parent: uuid.UUID | None = None
    instead_of: uuid.UUID | None = None
    key: uuid.UUID | None = None
    on_disconnect: str = Generation.OnDisconnect.FINISH
    going_on: bool = False
    agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A stored turn. `path` is the conversation up to the question, oldest first; `opening` the text of a
    question that is the first of its conversation; `new` is False for one that was sent before;
    `begins_with` is the text that the answer goes on from; `run` is the agent's that writes it, if one does.
    """

    conversation: uuid.UUID
    message: uuid.UUID
    generation: uuid.UUID
    parent: uuid.UUID | None
    client_id: uuid.UUID | None
    path: tuple[Message, ...] = ()
    opening: str = ""
    new: bool = True
    begins_with: str = ""
    stops_unread: bool = False
    run: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a generation ended; `status` is one of Message.Status."""

    status: str
    text: str
    seq: int
    model: str = ""
    usage: Usage = NOTHING
    estimated: bool = False
    cost: Decimal | None = None
    cached: bool = False
    first_token_ms: int | None = None
    total_ms: int | None = None
    error_code: str = ""
    error_text: str = ""
    retry_after: float | None = None


@transaction.atomic
def finish(generation_id: uuid.UUID, outcome: Outcome, missing: Sequence[log.Flush] = ()) -> bool:
    """Store the end of a generation, with flushes that the log lacks; False if it was ended before."""
    generation = Generation.objects.select_related("message").get(pk=generation_id)
    ended = Message.objects.filter(pk=generation.message_id, status=Message.Status.STREAMING).update(
        status=outcome.status, content=outcome.text, seq=outcome.seq
    )
    if not ended:
        return False
    log.store(missing)
    _keep_figures(generation, outcome)
    Conversation.objects.filter(pk=generation.message.conversation_id).update(updated_at=timezone.now())
    return True


def request_stop(user: Any, generation_id: uuid.UUID) -> uuid.UUID | None:
    """Mark a generation for its runner to stop; returns the runner, None if it has ended. Raises NotFound."""
    generation = Generation.objects.visible_to(user).filter(pk=generation_id).first()
    if generation is None:
        raise NotFound("This answer does not exist.")
    if generation.message.status != Message.Status.STREAMING:
        return None
    mark_to_stop([generation_id])
    return generation.runner


def mark_to_stop(generations: Sequence[uuid.UUID]) -> None:
    """Write the marks that runners look for."""
    Generation.objects.filter(pk__in=generations, stop_requested_at=None).update(stop_requested_at=Now())


def check(text: str) -> None:
    """Refuse a text that cannot be a message; raises EmptyText or TextTooLong."""
    if not text.strip():
        raise EmptyText
    if len(text) > LONGEST_TEXT:
        raise TextTooLong(len(text), LONGEST_TEXT)


def _keep_figures(generation: Generation, outcome: Outcome) -> None:
    for field in FIGURES:
        setattr(generation, field, getattr(outcome, field))
    for field in TOKENS:
        setattr(generation, field, getattr(outcome.usage, field))
    generation.error_code = outcome.error_code
    generation.error_text = outcome.error_text
    generation.retry_after = outcome.retry_after
    generation.save(update_fields=[*FIGURES, *TOKENS, "error_code", "error_text", "retry_after"])


def title_of(text: str) -> str:
    """Return the start of a first message, as the title of its conversation."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"
