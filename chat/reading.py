"""What the chat shows: a person's list of conversations, and one conversation as a thread."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.cards import Card, cards
from chat.models import Conversation, Conversations, Feedback, Generation, GenerationEvent, Message
from chat.search import holding
from chat.tree import Tree
from llm.agents import wire
from llm.agents.journal import record
from llm.agents.state import Record
from llm.models.agents import AgentRun
from llm.types import Usage

NOTHING = Usage()
SHOWN = 40  # messages on a page, and how many more each look at earlier ones brings


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A conversation in the list. `running`: an answer is being written; `waiting`: an agent asks whether it
    may go on; `unread`: an answer has finished since the owner last looked."""

    id: uuid.UUID
    title: str
    updated_at: datetime
    pinned: bool
    unread: bool
    running: bool
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """A message as it stands now. `content` holds the flushes up to `seq`; times are in milliseconds,
    `cost` in US dollars and None if unknown, `model` is `provider:model`; `siblings` are the messages that
    stand in its place, itself among them; `feedback` is 1 for good, -1 for bad, 0 for none; `run` is that of
    the agent that writes it, and `journal` what that did."""

    id: uuid.UUID
    parent: uuid.UUID | None
    role: str
    content: str
    status: str
    created_at: datetime
    seq: int = 0
    client_id: uuid.UUID | None = None
    generation: uuid.UUID | None = None
    prompt: str = ""
    prompt_version: int | None = None
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
    siblings: tuple[uuid.UUID, ...] = ()
    feedback: int = 0
    note: str = ""
    run: uuid.UUID | None = None
    journal: tuple[Record, ...] = ()

    @property
    def has_figures(self) -> bool:
        """Whether it is known what it took: not before its end, nor after that of a process that died."""
        if self.status in (Message.Status.INTERRUPTED, Message.Status.ERROR):
            return self.usage != NOTHING
        return self.status != Message.Status.STREAMING

    @property
    def steps(self) -> list[dict[str, Any]] | None:
        """What an agent did, as programs see it; None if none wrote this."""
        return wire.steps(self.journal) if self.run else None

    @property
    def cards(self) -> list[Card]:
        """What an agent did, as people see it."""
        return cards(self.journal)

    @property
    def position(self) -> int:
        """Which of its siblings it is, counted from 1."""
        return self.siblings.index(self.id) + 1

    @property
    def previous(self) -> uuid.UUID | None:
        return self.siblings[self.position - 2] if self.position > 1 else None

    @property
    def next(self) -> uuid.UUID | None:
        return self.siblings[self.position] if self.position < len(self.siblings) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPage:
    """The end of a thread. `earlier` is the message to begin with for a longer one, None at the beginning."""

    messages: list[ThreadMessage]
    earlier: uuid.UUID | None


def listed(user: Any, *, limit: int = 50, before: uuid.UUID | None = None, search: str = "") -> list[Listed]:
    """Return the person's conversations, pinned ones first, then the latest; `before` is the id of the
    last one that was listed already. Those with every word of `search` alone, if given: see chat.search."""
    answers = Message.objects.filter(conversation=OuterRef("pk"), role=Message.Role.ASSISTANT)
    search = search.replace("\0", "").strip()  # PostgreSQL refuses NUL
    running = Exists(answers.filter(status=Message.Status.STREAMING))
    asks = {"status": Message.Status.STREAMING, "generation__run__status": AgentRun.Status.AWAITING}
    waiting = Exists(answers.filter(**asks))
    # The end of an answer moves `updated_at`, so that a finished one is newer than its last reader.
    unread = Q(updated_at__gt=F("read_at")) & ~running & Exists(answers)
    rows = (
        _after(user, before)
        .filter(holding(search, user.pk) if search else Q())
        .annotate(running=running, waiting=waiting, unread=Case(When(unread, then=True), default=False))
        .order_by("-pinned", "-updated_at", "-id")
        .values("id", "title", "updated_at", "pinned", "unread", "running", "waiting")[:limit]
    )
    return [Listed(**row) for row in rows]


def _after(user: Any, before: uuid.UUID | None) -> Conversations:
    conversations = Conversation.objects.visible_to(user)
    last = Conversation.objects.filter(owner=user, pk=before).first() if before else None
    if last is None:
        return conversations
    older = Q(updated_at__lt=last.updated_at) | Q(updated_at=last.updated_at, pk__lt=last.pk)
    if last.pinned:
        return conversations.filter(Q(pinned=False) | older)
    return conversations.filter(older, pinned=False)


def grouped(conversations: Iterable[Listed], today: date) -> Iterator[tuple[str, list[Listed]]]:
    """Part a list into headed groups: Pinned, Today, Yesterday, and so on."""
    for heading, group in groupby(conversations, lambda listed: _heading(listed, today)):
        yield heading, list(group)


def _heading(conversation: Listed, today: date) -> str:
    age = today - conversation.updated_at.date()
    if conversation.pinned:
        return _("Pinned")
    if age < timedelta(days=1):
        return _("Today")
    if age < timedelta(days=2):
        return _("Yesterday")
    return _("Last week") if age < timedelta(days=8) else _("Older")


def rows(conversation: Conversation) -> QuerySet[Message]:
    """Every message of the conversation, oldest first, with how it was made and what its reader thinks."""
    run = Prefetch("generation__run", AgentRun.objects.only("pk"))
    steps = "generation__run__steps"
    return conversation.messages.select_related("generation", "feedback").prefetch_related(run, steps)


def thread(conversation: Conversation, through: uuid.UUID | None = None) -> list[ThreadMessage]:
    """Return the messages from the first one through a given one to the newest below it, in order."""
    return page(conversation, through, most=None).messages


def page(
    conversation: Conversation,
    through: uuid.UUID | None = None,
    *,
    first: uuid.UUID | None = None,
    most: int | None = SHOWN,
) -> ThreadPage:
    """Return the end of a thread: from `first` on, or without one the last `most` messages."""
    tree = Tree(dict(conversation.messages.values_list("pk", "parent_id")))
    path = tree.path(through)
    start = path.index(first) if first in path else max(0, len(path) - (most or len(path)))
    shown = path[start:]
    found = rows(conversation).in_bulk(shown) if start else {row.pk: row for row in rows(conversation)}
    tails = _tails([found[pk] for pk in shown])
    return ThreadPage(
        messages=[threaded(found[pk], tails.get(pk, []), tree.siblings(pk)) for pk in shown],
        earlier=path[max(0, start - SHOWN)] if start else None,
    )


def message(conversation: Conversation, pk: uuid.UUID) -> ThreadMessage | None:
    """Return one message of the conversation, or None."""
    row = rows(conversation).filter(pk=pk).first()
    if row is None:
        return None
    beside = conversation.messages.filter(parent=row.parent_id).values_list("pk", flat=True)
    return threaded(row, _tails([row]).get(row.pk, []), tuple(beside))


def mark_read(conversation: Conversation) -> None:
    """Note that the owner has seen everything that stands in the conversation."""
    Conversation.objects.filter(pk=conversation.pk).update(read_at=timezone.now())


def _tails(messages: list[Message]) -> dict[uuid.UUID, list[GenerationEvent]]:
    """Return the flushes that no snapshot holds yet, by message, each up to its first gap; one query for all.

    What comes after a gap is left to the socket: a page that had it would never ask for what is missing.
    """
    seqs = {m.pk: m.seq for m in messages if m.status == Message.Status.STREAMING}
    if not seqs:
        return {}
    tails: dict[uuid.UUID, list[GenerationEvent]] = {}
    events = GenerationEvent.objects.filter(generation__message__in=seqs).select_related("generation")
    for event in events.order_by("seq"):
        message = event.generation.message_id
        tail = tails.setdefault(message, [])
        if event.seq == seqs[message] + len(tail) + 1:
            tail.append(event)
    return tails


def threaded(
    message: Message, tail: Sequence[GenerationEvent] = (), siblings: tuple[uuid.UUID, ...] = ()
) -> ThreadMessage:
    """Return a row of `rows` as it is shown; `tail` are the flushes that its snapshot does not hold."""
    generation: Generation | None = getattr(message, "generation", None)
    journal = _journal(generation)
    flushed = journal if message.status == Message.Status.STREAMING else ()
    return ThreadMessage(
        id=message.pk,
        parent=message.parent_id,
        role=message.role,
        content=message.content + "".join(event.text for event in tail),
        status=message.status,
        created_at=message.created_at,
        seq=(tail or flushed)[-1].seq if tail or flushed else message.seq,
        client_id=message.client_id,
        siblings=siblings or (message.pk,),
        journal=journal,
        **_facts(generation),
        **_thought(getattr(message, "feedback", None)),
    )


def _facts(generation: Generation | None) -> dict[str, Any]:
    """Return how an answer was made; nothing for what a person wrote."""
    if generation is None:
        return {}
    same = (
        "prompt", "prompt_version", "usage", "estimated", "cost", "cached", "first_token_ms", "total_ms",
        "error_code", "error_text", "retry_after",
    )  # fmt: skip
    facts = {name: getattr(generation, name) for name in same}
    ids = {"generation": generation.pk, "run": generation.run_id}
    return facts | ids | {"model": generation.model or generation.requested_model}


def _journal(generation: Generation | None) -> tuple[Record, ...]:
    """Return what an agent did, out of what `rows` has fetched."""
    if generation is None or generation.run is None:
        return ()
    return tuple(map(record, generation.run.steps.all()))


def _thought(feedback: Feedback | None) -> dict[str, Any]:
    return {"feedback": feedback.value, "note": feedback.note} if feedback else {}
