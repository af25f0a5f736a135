"""A person's conversations with models."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from llm.ids import uuid7
from llm.models.agents import AgentRun
from llm.models.spent import Spent


class Conversations(models.QuerySet["Conversation"]):
    def visible_to(self, user: Any) -> Conversations:
        """Conversations that `user` may read and write: their own that are not deleted."""
        return self.filter(owner=user, deleted_at=None)

    def each_visible_to(self, wanted: Iterable[tuple[int, uuid.UUID]]) -> Conversations:
        """Of the conversations that each person, by its id, wants, those that are visible to that person."""
        owned: defaultdict[int, list[uuid.UUID]] = defaultdict(list)
        for owner, pk in wanted:
            owned[owner].append(pk)
        theirs = (models.Q(owner=owner, pk__in=pks) for owner, pks in owned.items())
        return self.filter(reduce(or_, theirs), deleted_at=None)


class Conversation(models.Model):
    """A tree of messages that one person owns."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=200, blank=True)
    pinned = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = Conversations.as_manager()

    class Meta:
        ordering = ["-pinned", "-updated_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"])]

    def __str__(self) -> str:
        return self.title or "New chat"


class Message(models.Model):
    """What a person or a model said. `seq` is the last flush that `content` holds."""

    class Role(models.TextChoices):
        USER = "user"
        ASSISTANT = "assistant"

    class Status(models.TextChoices):
        STREAMING = "streaming"
        COMPLETED = "completed"
        LENGTH = "length"
        STOPPED = "stopped"
        INTERRUPTED = "interrupted"
        ERROR = "error"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    role = models.CharField(max_length=16, choices=Role.choices)
    content = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.COMPLETED)
    seq = models.PositiveIntegerField(default=0)
    client_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]  # UUIDv7: the order of making
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="message_client_id_once"),
        ]
        indexes = [
            models.Index(fields=["status"])
        ]  # few are written at a time, and all processes look for them

    def __str__(self) -> str:
        return f"{self.role}: {self.content[:60]}"


class Generations(models.QuerySet["Generation"]):
    def visible_to(self, user: Any) -> Generations:
        """Generations in conversations that `user` may read."""
        return self.filter(
            message__conversation__owner=user, message__conversation__deleted_at=None
        ).select_related("message")

    def running(self) -> Generations:
        return self.filter(message__status=Message.Status.STREAMING)


class Generation(Spent):
    """One run of a model that writes one message: who runs it, what it was asked, what it came to.

    An agent's answer has a `run`, which goes on without the chat; then nobody is its runner, and its flushes
    are the rows of the run's journal and, at the end, the text. `read_at` is when another process than the
    runner's last saw a reader; it matters to `on_disconnect`.
    """

    class OnDisconnect(models.TextChoices):
        FINISH = "finish"
        STOP = "stop"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.OneToOneField(Message, models.CASCADE, related_name="generation")
    runner = models.UUIDField(default=uuid.uuid4)  # the process that runs it
    run = models.ForeignKey(AgentRun, models.SET_NULL, null=True, related_name="+")
    heartbeat_at = models.DateTimeField(
        default=timezone.now
    )  # by the database's clock, which all processes share
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    on_disconnect = models.CharField(
        max_length=8,
        choices=OnDisconnect.choices,
        default=OnDisconnect.FINISH,
        db_default=OnDisconnect.FINISH,
    )
    read_at = models.DateTimeField(null=True, blank=True)
    prompt = models.CharField(max_length=64, blank=True)
    prompt_version = models.PositiveIntegerField(null=True)
    requested_model = models.CharField(max_length=160, blank=True)
    model = models.CharField(max_length=160, blank=True)
    estimated = models.BooleanField(default=False)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    cached = models.BooleanField(default=False)
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_text = models.TextField(blank=True)
    retry_after = models.FloatField(null=True)

    objects = Generations.as_manager()

    class Meta:
        indexes = [models.Index(fields=["heartbeat_at"])]

    def __str__(self) -> str:
        return f"{self.model or self.requested_model} for {self.message_id}"


class GenerationEvent(models.Model):
    """One flush of a generation; append-only and without gaps."""

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["generation", "seq"], name="event_seq_once")]

    def __str__(self) -> str:
        return f"{self.generation_id} {self.seq}"


class Feedback(models.Model):
    """What the owner of a conversation thinks of one of its answers."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="feedback")
    value = models.SmallIntegerField()  # 1 good, -1 bad
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(value__in=[1, -1]), name="feedback_good_or_bad"),
        ]

    def __str__(self) -> str:
        return f"{self.value:+d} {self.note}".strip()


class Preferences(models.Model):
    """How a person wants the chat to be."""

    class Announce(models.TextChoices):
        END = "end"
        SENTENCE = "sentence"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    announce = models.CharField(max_length=16, choices=Announce.choices, default=Announce.END)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"announce {self.announce}"
