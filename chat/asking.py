"""Store questions, each with the empty answer to be written: those of one moment in one transaction."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from chat.errors import Busy, ChatError, NotFound, NothingToContinue
from chat.models import Conversation, Generation, Message
from chat.turns import Asked, Turn, check, title_of
from llm import runloop
from llm.groupcommit import GroupCommit

AT_ONCE = 100  # questions in one transaction


@dataclass(slots=True)
class Question:
    """A question on its way to the database; `outcome` is its turn, or why it got none."""

    user: Any
    conversation: uuid.UUID
    asked: Asked
    runner: uuid.UUID
    outcome: Turn | ChatError | None = None

    @property
    def turn(self) -> Turn:
        """The turn that was stored; raises the ChatError that came in its place."""
        if isinstance(self.outcome, ChatError):
            raise self.outcome
        assert self.outcome is not None  # noqa: S101 `_store` has set it
        return self.outcome


_commits: GroupCommit[Question] | None = None


async def ask(user: Any, conversation: uuid.UUID, asked: Asked, runner: uuid.UUID) -> Turn:
    """Store a question and an empty answer together with those of others; see `ask_alone`.

    Call it on the process's loop.
    """
    global _commits
    check(asked.text)
    if _commits is None:
        _commits = GroupCommit(_store, name="questions", most=AT_ONCE)
        runloop.on_close(_forget)
    question = Question(user, conversation, asked, runner)
    await _commits.add(question)
    return question.turn


def ask_alone(user: Any, conversation: uuid.UUID, asked: Asked, runner: uuid.UUID) -> Turn:
    """Store a question and an empty answer; raises ChatError. A client id seen before stores nothing."""
    check(asked.text)
    question = Question(user, conversation, asked, runner)
    _store([question])
    return question.turn


@transaction.atomic
def ask_again(
    user: Any, conversation_id: uuid.UUID, answer_id: uuid.UUID, asked: Asked, runner: uuid.UUID
) -> Turn:
    """Store an empty answer beside `answer_id`, by the prompt and model of `asked`; raises ChatError."""
    conversation = next(iter(_locked([(user.pk, conversation_id)])), None)
    if conversation is None:
        raise NotFound("This conversation does not exist.")
    messages = {message.id: message for message in conversation.messages.all()}
    answer = messages.get(answer_id)
    if answer is None or answer.role != Message.Role.ASSISTANT or answer.parent_id is None:
        raise NotFound("This answer does not exist in this conversation.")
    _refuse_while_busy(messages)
    if asked.going_on and not answer.content:
        raise NothingToContinue
    rows = Rows()
    path = _path(messages, messages[answer.parent_id])
    turn = rows.answer(conversation, path, asked, runner)
    rows.store()
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


@dataclass(slots=True)
class Rows:
    """What is to be written for some turns; `named` are conversations that got a title."""

    messages: list[Message] = field(default_factory=list)
    generations: list[Generation] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    named: list[Conversation] = field(default_factory=list)

    def question(self, conversation: Conversation, parent: Message | None, asked: Asked) -> Message:
        """Add a question; the first one names its conversation."""
        text = asked.text.replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
        if not conversation.title:
            conversation.title = title_of(text)
            self.named.append(conversation)
        question = Message(
            conversation=conversation,
            parent=parent,
            role=Message.Role.USER,
            content=text,
            client_id=asked.client_id,
        )
        self.messages.append(question)
        return question

    def answer(
        self, conversation: Conversation, path: tuple[Message, ...], asked: Asked, runner: uuid.UUID
    ) -> Turn:
        """Add an empty answer to the question at the end of a path."""
        question = path[-1]
        answer = Message(
            conversation=conversation,
            parent=question,
            role=Message.Role.ASSISTANT,
            status=Message.Status.STREAMING,
        )
        generation = Generation(
            message=answer,
            runner=runner,
            heartbeat_at=Now(),
            on_disconnect=asked.on_disconnect,
            prompt=asked.prompt,
            prompt_version=asked.prompt_version,
            requested_model=asked.model,
        )
        self.messages.append(answer)
        self.generations.append(generation)
        self.conversations.append(conversation)
        return replace(
            _turn(question, generation),
            path=path,
            opening=question.content if len(path) == 1 else "",
            stops_unread=asked.on_disconnect == Generation.OnDisconnect.STOP,
        )

    def store(self) -> None:
        """Write it all."""
        Message.objects.bulk_create(self.messages)
        Generation.objects.bulk_create(self.generations)
        touched = Conversation.objects.filter(pk__in=[one.pk for one in self.conversations])
        touched.update(updated_at=timezone.now())
        for one in self.named:
            one.save(update_fields=["title"])


@transaction.atomic
def _store(questions: Sequence[Question]) -> None:
    for some in _apart(questions):
        _store_apart(some)


def _apart(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Part questions to the same conversation: the second must find what became of the first."""
    rest = list(questions)
    while rest:
        firsts = {question.conversation: question for question in reversed(rest)}
        yield list(firsts.values())
        rest = [question for question in rest if firsts[question.conversation] is not question]


def _store_apart(questions: Sequence[Question]) -> None:
    mine = _locked([(question.user.pk, question.conversation) for question in questions])
    conversations = {conversation.pk: conversation for conversation in mine}
    messages: defaultdict[uuid.UUID, dict[uuid.UUID, Message]] = defaultdict(dict)
    for message in Message.objects.filter(conversation__in=conversations):
        messages[message.conversation_id][message.id] = message
    rows = Rows()
    for question in questions:
        try:
            conversation = conversations.get(question.conversation)
            question.outcome = _taken(question, conversation, messages[question.conversation], rows)
        except ChatError as error:
            question.outcome = error
    rows.store()


def _taken(
    question: Question, conversation: Conversation | None, messages: dict[uuid.UUID, Message], rows: Rows
) -> Turn:
    """Return the turn of a question; what of it is to be written is added to `rows`."""
    if conversation is None:
        raise NotFound("This conversation does not exist.")
    asked = question.asked
    if earlier := _sent_before(messages, asked.client_id):
        return _turn_of(earlier)
    parent = _parent(messages, asked)
    _refuse_while_busy(messages)
    said = rows.question(conversation, parent, asked)
    return rows.answer(conversation, _path(messages, said), asked, question.runner)


def _locked(wanted: Sequence[tuple[int, uuid.UUID]]) -> list[Conversation]:
    """Lock, of conversations that people want, those that are theirs, in the same order as everybody does."""
    return list(Conversation.objects.each_visible_to(wanted).order_by("pk").select_for_update())


def _sent_before(messages: dict[uuid.UUID, Message], client_id: uuid.UUID | None) -> Message | None:
    if client_id is None:
        return None
    return next((message for message in messages.values() if message.client_id == client_id), None)


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


def _turn_of(question: Message) -> Turn:
    """The turn that an earlier sending of the same question began; its first answer."""
    generation = Generation.objects.select_related("message").filter(message__parent=question).earliest("id")
    return replace(_turn(question, generation), new=False)


def _turn(question: Message, generation: Generation) -> Turn:
    return Turn(
        conversation=question.conversation_id,
        message=generation.message_id,
        generation=generation.pk,
        parent=question.pk,
        client_id=question.client_id,
    )


async def _forget() -> None:
    global _commits
    closing, _commits = _commits, None
    if closing is not None:
        await closing.close()
