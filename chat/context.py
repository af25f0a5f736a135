"""What a model is shown of a conversation."""

from collections.abc import Sequence

from chat.models import Message
from llm import catalog
from llm.estimate import message_tokens
from llm.types import Message as LLMMessage
from llm.types import Role


def shown(
    system: Sequence[LLMMessage], path: Sequence[Message], model: str, answer_tokens: int
) -> tuple[LLMMessage, ...]:
    """Return the prompt's messages, then as many of the newest ones of `path` as the model's window holds.

    The last message, the question, is always shown. Answers without text are left out.
    """
    room = catalog.card(model).context_tokens - answer_tokens - sum(map(message_tokens, system))
    said = [LLMMessage(role=_role(message), content=message.content) for message in path if message.content]
    kept = said[-1:]
    room -= sum(map(message_tokens, kept))
    for message in reversed(said[:-1]):
        room -= message_tokens(message)
        if room < 0:
            break
        kept.insert(0, message)
    return (*system, *_from_a_question(kept))


def _role(message: Message) -> Role:
    return "user" if message.role == Message.Role.USER else "assistant"


def _from_a_question(messages: list[LLMMessage]) -> list[LLMMessage]:
    """Drop leading answers whose question did not fit."""
    first = next((n for n, message in enumerate(messages) if message.role == "user"), 0)
    return messages[first:]
