"""Past days of the ledger, added up, so that a month of a million calls is a few hundred rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RolledDay(models.Model):
    """A day (UTC) of which CallDay holds the first `hours`; 24 are the whole day."""

    day = models.DateField(primary_key=True)
    hours = models.PositiveSmallIntegerField(default=0)
    rolled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}"


class StaleDay(models.Model):
    """A day in whose past hours calls were changed: the database notes it, see `llm/usage/triggers.py`.

    Until the day is rolled up again its calls are read one by one.
    """

    day = models.DateField(db_index=True)

    def __str__(self) -> str:
        return f"{self.day}"


class CallDay(models.Model):
    """The calls of a day that agree in all of these, added up as Figures; costs in billionths of a dollar.

    Each call is in one row of its user and key, in one of everybody's (`everyone`), of which there are far
    fewer, and in one of everybody's of its `hour`; the others have none. The histograms say how many calls
    took how many milliseconds, to two figures.
    """

    day = models.DateField()
    hour = models.PositiveSmallIntegerField(null=True)
    everyone = models.BooleanField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    key = models.ForeignKey("llm.ApiKey", models.CASCADE, null=True, related_name="+")
    feature = models.CharField(max_length=64)
    prompt = models.CharField(max_length=64, blank=True)
    prompt_version = models.PositiveIntegerField(null=True)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=128)
    calls = models.PositiveIntegerField()
    errors = models.PositiveIntegerField()
    cached_calls = models.PositiveIntegerField()
    unpriced_calls = models.PositiveIntegerField()
    input_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    cached_tokens = models.PositiveBigIntegerField()
    reasoning_tokens = models.PositiveBigIntegerField()
    cost_nano = models.BigIntegerField()
    saved_nano = models.BigIntegerField()
    first_token: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    total: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["everyone", "day", "hour"]),
            models.Index(fields=["user", "day"]),
            models.Index(fields=["key", "day"]),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.feature} {self.model}"
