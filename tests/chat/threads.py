"""Conversations for tests, made in one line."""

import uuid
from typing import Any

from django.contrib.auth.models import User

from chat.models import Conversation, Generation, GenerationEvent, Message

DONE = {
    "prompt": "assistant",
    "prompt_version": 3,
    "model": "local:smollm2",
    "input_tokens": 112,
    "output_tokens": 36,
    "cost": 0,
    "first_token_ms": 210,
    "total_ms": 1830,
}


def make_conversation(owner: User, *texts: str, **fields: Any) -> Conversation:
    """Return a conversation in which a person and a model take turns with `texts`."""
    conversation = Conversation.objects.create(owner=owner, **fields)
    for number, text in enumerate(texts):
        if number % 2:
            add_answer(conversation, text)
        else:
            add_question(conversation, text)
    return conversation


def add_question(conversation: Conversation, text: str) -> Message:
    parent = conversation.messages.order_by("id").last()
    return conversation.messages.create(
        role=Message.Role.USER, content=text, parent=parent, client_id=uuid.uuid4()
    )


def add_answer(
    conversation: Conversation,
    text: str,
    *,
    status: str = "completed",
    flushes: tuple[str, ...] = (),
    **facts: Any,
) -> Message:
    """Answer the last question; `flushes` are in the log, and `text` is the snapshot of the first ones."""
    parent = conversation.messages.filter(role=Message.Role.USER).order_by("id").last()
    held = next((n for n in range(len(flushes) + 1) if "".join(flushes[:n]) == text), 0)
    message = conversation.messages.create(
        role=Message.Role.ASSISTANT, content=text, parent=parent, status=status, seq=held
    )
    generation = Generation.objects.create(message=message, **(DONE | facts))
    GenerationEvent.objects.bulk_create(
        GenerationEvent(generation=generation, seq=number, text=flush)
        for number, flush in enumerate(flushes, start=1)
    )
    return message
