"""The ledger's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from llm.ids import uuid7
from llm.redaction.cutting import kept_head
from llm.types import Usage

if TYPE_CHECKING:
    from llm.entry import Entry


class Call(models.Model):
    """One attempt at a model, or one answer from the cache; never changed but for a corrected cost."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request_id = models.UUIDField(db_index=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.ForeignKey("llm.ApiKey", models.SET_NULL, null=True, related_name="+")
    feature = models.CharField(max_length=64)
    prompt = models.CharField(max_length=64, blank=True)
    prompt_version = models.PositiveIntegerField(null=True)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=128)
    outcome = models.CharField(max_length=32)
    error = models.TextField(blank=True)
    finish = models.CharField(max_length=16, blank=True)
    cached = models.BooleanField(default=False)
    estimated = models.BooleanField(default=False)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    cache_write_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    saved = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    upstream_id = models.CharField(max_length=128, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "created_at"]),
            models.Index(
                fields=["correlation_id"], condition=~models.Q(correlation_id=""), name="call_correlation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {self.model} {self.outcome}"

    @classmethod
    def values_of(cls, entry: Entry) -> dict[str, Any]:
        """Return the values of an entry's row, with as much as its feature's way to log calls allows."""
        request, reply = entry.request, entry.reply
        mode = settings.PARLEY.call_log_mode(request.feature)
        used = Usage() if reply.cached else reply.usage  # an answer from the cache used nothing
        provider, _, name = reply.model.partition(":")
        return {
            "id": uuid7(),
            "request_id": request.id,
            "created_at": timezone.now(),
            "user_id": request.owner.user_id,
            "key_id": request.owner.key_id,
            "feature": request.feature,
            "prompt": request.prompt.slug if request.prompt else "",
            "prompt_version": request.prompt.version if request.prompt else None,
            "provider": provider,
            "model": name,
            "outcome": entry.outcome,
            "error": kept_head(entry.error, 1900, mode) if mode in ("full", "redacted") else "",
            "finish": reply.finish if entry.outcome == "ok" else "",
            "cached": reply.cached,
            "estimated": reply.estimated,
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "cached_tokens": used.cached_tokens,
            "cache_write_tokens": used.cache_write_tokens,
            "reasoning_tokens": used.reasoning_tokens,
            "cost": reply.cost,
            "saved": reply.saved,
            "first_token_ms": reply.first_token_ms,
            "total_ms": reply.total_ms,
            "upstream_id": "" if mode == "off" else reply.upstream_id,
            "correlation_id": "" if mode == "off" else request.origin.correlation_id,
        }
