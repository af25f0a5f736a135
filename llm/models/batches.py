"""Many texts that are extracted in the background, and what each came to."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.ids import uuid7
from llm.lease import Leased
from llm.models.origins import Originated
from llm.models.spent import Spent


class Batches(models.QuerySet["Batch"]):
    def active(self) -> Batches:
        """Those that wait or work."""
        return self.filter(status__in=[Batch.Status.QUEUED, Batch.Status.RUNNING])

    def of(self, user: Any) -> Batches:
        """Those that a person, or a key that acts for them, may see."""
        return self.filter(user=user).select_related("user", "key")


class Batch(Leased, Spent, Originated):
    """Texts for one schema. `done` counts the items that ended, `failed` those of them without data.

    `cost` is None once that of one item is unknown. `columns` is the input's `llm.batches.columns.Columns`.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.ForeignKey("llm.ApiKey", models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=200, blank=True)
    schema = models.CharField(max_length=64)
    schema_version = models.ForeignKey(
        "llm.ExtractionSchemaVersion", models.PROTECT, null=True, related_name="+"
    )
    model = models.CharField(max_length=160, blank=True)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    cache = models.BooleanField(default=True)
    concurrency = models.PositiveSmallIntegerField(default=8)
    timeout = models.FloatField(default=60)
    columns = models.TextField(default="[]")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True, default=0)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, db_index=True)

    objects = Batches.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = _("batches")
        indexes = [models.Index(fields=["user", "-id"], name="batch_of_user")]

    def __str__(self) -> str:
        return self.title or f"{self.schema}, {self.total:,} texts"

    @property
    def active(self) -> bool:
        """True while it waits or works."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    @property
    def may_go_on(self) -> bool:
        """False once its owner was shut out, or the key that started it was closed: it spends no more."""
        return self.user.is_active and (self.key is None or self.key.state == "usable")

    @property
    def why_stopped(self) -> str:
        """Why it was cancelled, if that was not asked for."""
        if self.status != self.Status.CANCELLED or self.may_go_on:
            return ""
        if not self.user.is_active:
            return "The account that started it was shut out. What is done stays."
        return "The API key that started it was revoked or has expired. What is done stays."


class BatchItem(Spent):
    """One text and what it came to. JSON is kept as text: the order of its fields, and any character, stay.

    `tries` counts how often a worker began it; `attempts` how often the model was asked in the last one.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OPEN = (Status.QUEUED, Status.RUNNING)

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    index = models.PositiveIntegerField()
    text = models.TextField()
    fields = models.TextField(default="{}")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    data = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    repairs = models.TextField(default="[]")
    model = models.CharField(max_length=160, blank=True)
    cached = models.BooleanField(default=False)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True, default=0)
    prompt_version = models.PositiveIntegerField(null=True)
    request_id = models.UUIDField(null=True, db_index=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["batch", "index"], name="batch_item_once")]
        indexes = [
            models.Index(
                fields=["batch", "index"],
                condition=Q(status__in=["queued", "running"]),
                name="batch_item_open",
            ),
            models.Index(fields=["batch", "index"], condition=Q(status="failed"), name="batch_item_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.index}: {self.status}"

    @property
    def found(self) -> Any:
        """The data, None unless the item is done."""
        return json.loads(self.data) if self.data else None

    @property
    def trouble(self) -> dict[str, Any] | None:
        """What went wrong, as a problem, if it failed."""
        told: dict[str, Any] | None = json.loads(self.problem) if self.problem else None
        return told
