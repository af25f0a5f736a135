"""Replies that are kept for equal requests."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class CachedReply(models.Model):
    """A whole reply by the key of its request; `purge` removes it some time after it expired.

    `user` is who asked first: with their texts the replies to them go, also those that others may have.
    """

    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    model = models.CharField(max_length=160)
    reply = models.JSONField()
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "cached replies"

    def __str__(self) -> str:
        return f"{self.model} {self.key[:12]}"
