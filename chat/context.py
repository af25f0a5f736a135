"""What a model is shown of a conversation."""

from collections.abc import Sequence

from chat.models import Message
from llm import catalog
from llm.estimate import message_tokens
from llm.types import Message as LLMMessage
from llm.types import Role

GO_ON = (
    "Your answer broke off. Go on exactly where it ended, in the middle of the word if need be; "
    "repeat nothing and add no introduction."
)


def shown(
    system: Sequence[LLMMessage],
    path: Sequence[Message],
    model: str,
    answer_tokens: int,
    begun: str = "",
) -> tuple[LLMMessage, ...]:
    """Return the prompt's messages, then as many of the newest ones of `path` as the model's window holds.

    The last message, the question, is always shown. Answers without text are left out. `begun` is the text
    of an answer to go on with.
    """
    last = _going_on(begun) if begun else ()
    fixed = sum(map(message_tokens, (*system, *last)))
    room = catalog.card(model).context_tokens - answer_tokens - fixed
    said = [LLMMessage(role=_role(message), content=message.content) for message in path if message.content]
    kept = said[-1:]
    room -= sum(map(message_tokens, kept))
    for message in reversed(said[:-1]):
        room -= message_tokens(message)
        if room < 0:
            break
        kept.insert(0, message)
    return (*system, *_from_a_question(kept), *last)


def _going_on(begun: str) -> tuple[LLMMessage, ...]:
    return (LLMMessage(role="assistant", content=begun), LLMMessage(role="user", content=GO_ON))


def _role(message: Message) -> Role:
    return "user" if message.role == Message.Role.USER else "assistant"


def _from_a_question(messages: list[LLMMessage]) -> list[LLMMessage]:
    """Drop leading answers whose question did not fit."""
    first = next((n for n, message in enumerate(messages) if message.role == "user"), 0)
    return messages[first:]
