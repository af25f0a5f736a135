"""Labels that point at versions, and the record of each move."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts.canary import is_in
from prompts.history import AppendOnly, AppendOnlyRows
from prompts.models.versions import Prompt, PromptVersion

LABEL = re.compile(r"[a-z][a-z0-9_-]{0,31}")
LABEL_RULE = "Use up to 32 small letters, digits, - and _, starting with a letter."


class PromptLabels(models.QuerySet["PromptLabel"]):
    def of(self, slug: str, name: str) -> PromptLabels:
        """The label of a prompt, with the versions that it may lead to."""
        return self.filter(prompt__slug=slug, name=name).select_related("version", "canary")

    def by_name(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], PromptLabel]:
        """Return the labels of prompts by slug and name, in one query; there may be more than were wanted."""
        slugs, names = zip(*wanted, strict=True)
        found = self.filter(prompt__slug__in=slugs, name__in=names)
        return {
            (row.prompt.slug, row.name): row
            for row in found.select_related("prompt", "version", "canary").order_by()
        }


class PromptLabel(models.Model):
    """A name that points at a version; `production` is what runs.

    While a canary runs, `weight` percent of the subjects get the version `canary` instead; `salt` is made
    anew for each canary, so that its lot falls on other subjects than the last one's.
    """

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="labels")
    name = models.CharField(max_length=32)
    version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="labels")
    canary = models.ForeignKey(PromptVersion, models.PROTECT, null=True, related_name="+")
    weight = models.PositiveSmallIntegerField(default=0)
    salt = models.UUIDField(default=uuid.uuid4)
    canary_since = models.DateTimeField(null=True)

    objects = PromptLabels.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "name"], name="prompt_label_once"),
            models.CheckConstraint(
                condition=Q(canary=None, weight=0) | Q(canary__isnull=False, weight__gte=1, weight__lte=100),
                name="prompt_label_canary_has_weight",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def version_for(self, subject: str) -> PromptVersion:
        """Return the version of a subject, always the same one; without a subject, the label's own."""
        if self.canary and subject and is_in(f"{self.prompt_id}:{self.salt}:{subject}", self.weight):
            return self.canary
        return self.version


class PromptMoves(AppendOnlyRows["PromptMove"]):
    """Who moved which label."""


class PromptMove(AppendOnly):
    """One change of a label: who, when, from where, to where and why, and who approved it.

    A canary goes from the label's version to the one that is tried, at `weight` percent; stopping it goes
    back again.
    """

    class Kind(models.TextChoices):
        MOVE = "move", _("published")
        ROLLBACK = "rollback", _("rolled back")
        CANARY = "canary", _("tried as a canary")
        PROMOTE = "promote", _("canary promoted")
        STOP = "stop", _("canary stopped")

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="moves")
    label = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.MOVE)
    weight = models.PositiveSmallIntegerField(null=True)
    from_version = models.ForeignKey(PromptVersion, models.PROTECT, null=True, related_name="+")
    to_version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="+")
    who = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PromptMoves.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "move of a label"
        verbose_name_plural = "moves of labels"

    def __str__(self) -> str:
        came = f"from {self.from_version.number} " if self.from_version else ""
        share = f", {self.weight} %" if self.weight else ""
        return f"{self.label} {came}to {self.to_version.number}{share}"


class PromptProposals(models.QuerySet["PromptProposal"]):
    def open(self) -> PromptProposals:
        """Those that nobody has decided yet, with what they are about."""
        return self.filter(decision="").select_related("prompt", "from_version", "to_version", "who")


class PromptProposal(models.Model):
    """A change of a protected label that waits for a second person.

    `from_version`, `canary_was` and `weight_was` are what the label said when it was proposed: if it says
    something else by now, the proposal is stale.
    """

    class Decision(models.TextChoices):
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="proposals")
    label = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=PromptMove.Kind.choices)
    weight = models.PositiveSmallIntegerField(null=True)
    from_version = models.ForeignKey(PromptVersion, models.PROTECT, null=True, related_name="+")
    to_version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="+")
    canary_was = models.ForeignKey(PromptVersion, models.PROTECT, null=True, related_name="+")
    weight_was = models.PositiveSmallIntegerField(default=0)
    who = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decision = models.CharField(max_length=16, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    objects = PromptProposals.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "proposal"

    def __str__(self) -> str:
        share = f", {self.weight} %" if self.weight else ""
        return f"{self.label} to {self.to_version.number}{share}"
