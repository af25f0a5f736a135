"""Answers to requests that named themselves by an Idempotency-Key."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from llm.ids import uuid7
from llm.lease import Leased


class KeptAnswer(Leased):
    """What one request of a caller came to; `status` is None until that is whole.

    `caller` is the person or the API key, `fingerprint` what was asked. One that is not `is_final` is for
    those who wait for it; whoever asks later asks anew.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    caller = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    is_final = models.BooleanField(default=False)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
