"""What somebody should know."""

from django.db import models
from django.utils import timezone

from llm.ids import uuid7


class Alert(models.Model):
    """One thing that happened, told once. `key` names it for ever: what may happen again puts its time in it.

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
    opened_at = models.DateTimeField(default=timezone.now, db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return self.text
