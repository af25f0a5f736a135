"""Keys for the REST API and for sockets of programs."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from llm.ids import uuid7

PREFIX = "parley_"
NOTE_EVERY = timedelta(minutes=1)


def hashed(key: str) -> str:
    """SHA-256 is right here: the key has 256 random bits, so there is nothing to guess slowly."""
    return hashlib.sha256(key.encode()).hexdigest()


class ApiKeys(models.QuerySet["ApiKey"]):
    def usable(self) -> ApiKeys:
        """Keys that open something now."""
        now = timezone.now()
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, user__is_active=True
        ).select_related("user")

    def issue(self, *, user: Any, name: str) -> tuple[ApiKey, str]:
        """Make a key; returns its row and the key itself, which is shown once and stored nowhere."""
        row = self.model(user=user, name=name)
        key = row.seal()
        row.save(using=self.db, force_insert=True)
        return row, key


class ApiKey(models.Model):
    """A key acts for its user; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField("ends with", max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeys.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    def seal(self) -> str:
        """Give the row a new key, unsaved, and return the key itself."""
        key = PREFIX + secrets.token_urlsafe(32)
        self.hash, self.hint = hashed(key), key[-4:]
        return key

    @property
    def state(self) -> str:
        """`usable`, `revoked` or `expired`."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "usable"

    async def used(self) -> None:
        """Note that the key was used, in one write a minute however often that is."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > NOTE_EVERY:
            await type(self).objects.filter(pk=self.pk).aupdate(last_used_at=now)

    def revoke(self) -> None:
        """Close the key for good."""
        self.revoked_at = self.revoked_at or timezone.now()
        self.save(update_fields=["revoked_at"])
