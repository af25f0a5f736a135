"""Labels that point at versions, and the record of each move."""

from __future__ import annotations

import re

from django.conf import settings
from django.db import models
from django.utils import timezone

from prompts.history import AppendOnly, AppendOnlyRows
from prompts.models.versions import Prompt, PromptVersion

LABEL = re.compile(r"[a-z][a-z0-9_-]{0,31}")
LABEL_RULE = "Use up to 32 small letters, digits, - and _, starting with a letter."


class PromptLabel(models.Model):
    """A name that points at a version; `production` is what runs."""

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="labels")
    name = models.CharField(max_length=32)
    version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="labels")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["prompt", "name"], name="prompt_label_once")]

    def __str__(self) -> str:
        return self.name


class PromptMoves(AppendOnlyRows["PromptMove"]):
    """Who moved which label."""


class PromptMove(AppendOnly):
    """One move of a label: who, when, from where, to where and why."""

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="moves")
    label = models.CharField(max_length=32)
    from_version = models.ForeignKey(PromptVersion, models.PROTECT, null=True, related_name="+")
    to_version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="+")
    who = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PromptMoves.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "move of a label"
        verbose_name_plural = "moves of labels"

    def __str__(self) -> str:
        came = f"from {self.from_version.number} " if self.from_version else ""
        return f"{self.label} {came}to {self.to_version.number}"
