"""What somebody should know, by which rules, and to whom it was told."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from llm.ids import uuid7


class AlertRule(models.Model):
    """What to watch for. `threshold` is read as the kind says."""

    class Kind(models.TextChoices):
        ERRORS = "errors", "errors: percent of calls, at least"
        LATENCY = "latency", "slow answers: seconds of the slowest 5 percent, at least"
        SPIKE = "spike", "cost of an hour: times that of the same hour last week, at least"
        DOWN = "down", "a provider answers no call"
        FORECAST = "forecast", "a budget will not last"
        UNPRICED = "unpriced", "calls without a known price"
        ENDING = "ending", "a model in use ends within so many days"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    threshold = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
        help_text="A number for the kinds that name one; else it counts for nothing.",
    )
    minutes = models.PositiveIntegerField(
        default=15,
        validators=[MinValueValidator(1)],
        help_text="How far back it looks, where it counts calls.",
    )
    feature = models.CharField(
        max_length=64, blank=True, help_text="Only calls of this feature; all if empty."
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "feature"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{f' ({self.feature})' if self.feature else ''}"


class Alert(models.Model):
    """One thing that happened, told once. `key` names it for ever: what may happen again puts its time in it.

    An incident of a rule has one alert as long as it lasts: `subject` says of what, such as the provider.

    `closed_at` is when it was over, `acknowledged_at` when somebody said that they know.
    """

    class Level(models.TextChoices):
        WARN = "warn", "warning"
        BAD = "bad", "trouble"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=32, db_index=True)
    key = models.CharField(max_length=200, unique=True)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.WARN)
    text = models.TextField()
    rule = models.ForeignKey(AlertRule, models.SET_NULL, null=True, related_name="alerts")
    subject = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(default=timezone.now, db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=Q(closed_at=None), name="alert_one_open_incident"
            )
        ]

    def __str__(self) -> str:
        return self.text


class AlertDelivery(models.Model):
    """One thing to tell one recipient: written before it is tried, and tried until it is told."""

    class Event(models.TextChoices):
        OPENED = "opened"
        CLOSED = "closed"

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook"

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=8, choices=Event.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    target = models.CharField(max_length=500)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "alert deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "event", "channel", "target"], name="alert_delivery_once"
            )
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(sent_at=None), name="alert_delivery_due")]

    def __str__(self) -> str:
        return f"{self.event} by {self.channel}"
