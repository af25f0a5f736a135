"""What a turn writes: its question, its empty answer, its end. Each function is one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from chat import log
from chat.errors import Busy, EmptyText, NotFound, NothingToContinue, TextTooLong
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
    """A stored turn. `path` is the conversation up to the question, oldest first; `new` is False for a
    question that was sent before; `begins_with` is the text that the answer goes on from; `run` is the
    agent's that writes it, if one does."""

    conversation: uuid.UUID
    message: uuid.UUID
    generation: uuid.UUID
    parent: uuid.UUID | None
    client_id: uuid.UUID | None
    path: tuple[Message, ...] = ()
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
def ask(user: Any, conversation_id: uuid.UUID, asked: Asked, runner: uuid.UUID) -> Turn:
    """Store a question and an empty answer; raises ChatError. A client id seen before stores nothing."""
    check(asked.text)
    text = asked.text.replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
    conversation = _locked(user, conversation_id)
    if asked.client_id and (earlier := conversation.messages.filter(client_id=asked.client_id).first()):
        return _turn_of(earlier)
    messages = {message.id: message for message in conversation.messages.all()}
    parent = _parent(messages, asked)
    _refuse_while_busy(messages)
    question = conversation.messages.create(
        role=Message.Role.USER, content=text, parent=parent, client_id=asked.client_id
    )
    conversation.title = conversation.title or title_of(text)
    return _answer(conversation, question, asked, runner, _path(messages, question))


@transaction.atomic
def ask_again(
    user: Any, conversation_id: uuid.UUID, answer_id: uuid.UUID, asked: Asked, runner: uuid.UUID
) -> Turn:
    """Store an empty answer beside `answer_id`, by the prompt and model of `asked`; raises ChatError."""
    conversation = _locked(user, conversation_id)
    messages = {message.id: message for message in conversation.messages.all()}
    answer = messages.get(answer_id)
    if answer is None or answer.role != Message.Role.ASSISTANT or answer.parent_id is None:
        raise NotFound("This answer does not exist in this conversation.")
    _refuse_while_busy(messages)
    if asked.going_on and not answer.content:
        raise NothingToContinue
    question = messages[answer.parent_id]
    turn = _answer(conversation, question, asked, runner, _path(messages, question))
    return replace(turn, begins_with=answer.content) if asked.going_on else turn


def asked_like(user: Any, answer_id: uuid.UUID, asked: Asked) -> Asked:
    """Fill in prompt and model, where `asked` names none, with those of an earlier answer or question.

    Tools stay allowed where they were, but an answer that goes on is written without. Raises NotFound.
    """
    answers = Q(message=answer_id) | Q(message__parent=answer_id)
    earlier = Generation.objects.visible_to(user).filter(answers).order_by("id").last()
    if earlier is None:
        raise NotFound("This message does not exist in this conversation.")
    return replace(
        asked,
        prompt=asked.prompt or earlier.prompt,
        model=asked.model or earlier.requested_model,
        agent=not asked.going_on and (asked.agent or earlier.run_id is not None),
    )


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


def _locked(user: Any, conversation_id: uuid.UUID) -> Conversation:
    try:
        return Conversation.objects.visible_to(user).select_for_update().get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise NotFound("This conversation does not exist.") from None


def _parent(messages: dict[uuid.UUID, Message], asked: Asked) -> Message | None:
    wanted = asked.instead_of or asked.parent
    if wanted is None:
        return messages[max(messages)] if messages else None
    message = messages.get(wanted)
    if message is None or (asked.instead_of and message.role != Message.Role.USER):
        raise NotFound("This message does not exist in this conversation.")
    if asked.instead_of:
        return messages[message.parent_id] if message.parent_id else None
    return message


def _refuse_while_busy(messages: dict[uuid.UUID, Message]) -> None:
    if any(message.status == Message.Status.STREAMING for message in messages.values()):
        raise Busy


def _path(messages: dict[uuid.UUID, Message], leaf: Message) -> tuple[Message, ...]:
    path = [leaf]
    while (parent := path[-1].parent_id) is not None:
        path.append(messages[parent])
    return tuple(reversed(path))


def _answer(
    conversation: Conversation, question: Message, asked: Asked, runner: uuid.UUID, path: tuple[Message, ...]
) -> Turn:
    answer = conversation.messages.create(
        role=Message.Role.ASSISTANT, parent=question, status=Message.Status.STREAMING
    )
    generation = Generation.objects.create(
        message=answer,
        runner=runner,
        heartbeat_at=Now(),
        on_disconnect=asked.on_disconnect,
        prompt=asked.prompt,
        prompt_version=asked.prompt_version,
        requested_model=asked.model,
    )
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["title", "updated_at"])
    return Turn(
        conversation=conversation.pk,
        message=answer.pk,
        generation=generation.pk,
        parent=question.pk,
        client_id=question.client_id,
        path=path,
        stops_unread=asked.on_disconnect == Generation.OnDisconnect.STOP,
    )


def _turn_of(question: Message) -> Turn:
    """The turn that an earlier sending of the same question began; its first answer."""
    generation = Generation.objects.select_related("message").filter(message__parent=question).earliest("id")
    return Turn(
        conversation=question.conversation_id,
        message=generation.message_id,
        generation=generation.pk,
        parent=question.pk,
        client_id=question.client_id,
        new=False,
    )


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
