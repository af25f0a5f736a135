"""Prices that staff set, and corrections of what calls cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.catalog import PROVIDERS
from llm.ids import uuid7
from llm.lease import Leased

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def _per_million(name: StrPromise, **options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(
        name, max_digits=14, decimal_places=6, validators=[MinValueValidator(0)], **options
    )


def _part(name: StrPromise, help_text: StrPromise) -> models.DecimalField[Any, Any]:
    return _per_million(name, null=True, blank=True, help_text=help_text)


class ModelPrice(models.Model):
    """What a model costs from a moment on, in dollars a million tokens; overrules the table that ships."""

    provider = models.CharField(_("provider"), max_length=32, choices=[(name, name) for name in PROVIDERS])
    model = models.CharField(
        _("model"), max_length=128, help_text=_("As the ledger names it, without its provider.")
    )
    starts_at = models.DateTimeField(
        _("from"), default=timezone.now, help_text=_("Calls from then on cost this. UTC.")
    )
    input = _per_million(_("input"), help_text=_("US dollars a million tokens; so are the others."))
    output = _per_million(_("output"))
    cached = _part(_("cached input"), _("Read from the provider's cache. Empty: as input."))
    cache_write = _part(_("cache write"), _("Written to the provider's cache. Empty: as input."))
    reasoning = _part(_("reasoning"), _("The part of the output that is reasoning. Empty: as output."))
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("Where the price comes from."))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["provider", "model", "-starts_at"]
        constraints = [
            models.UniqueConstraint(
                name="price_once_a_moment",
                fields=["provider", "model", "starts_at"],
                violation_error_message=_(
                    "There is a price of this model from that moment on. Delete it first."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}, {self.starts_at:%Y-%m-%d %H:%M}"


class Repricings(models.QuerySet["Repricing"]):
    def under_way(self) -> Repricings:
        """Those that a worker has something to do for."""
        return self.filter(status__in=Repricing.WORKING)


class Repricing(Leased):
    """Calls of a time, priced anew: looked through first, corrected when somebody has agreed.

    `seen` of `total` calls are done in the current pass, up to (`seen_at`, `seen_id`). `found` is what the
    first pass came to, `done` what the second has changed: both `llm.repricing.sums.Sums`. `basis` names the
    prices of the first pass; under others nothing is corrected.
    """

    class Status(models.TextChoices):
        LOOKING = "looking", _("looking")
        READY = "ready", _("waits for you")
        CORRECTING = "correcting", _("correcting")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    WORKING = (Status.LOOKING, Status.CORRECTING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"), help_text=_("Itself not included."))
    model = models.CharField(
        _("model"), max_length=161, blank=True, help_text=_("As in openai:gpt-5.5. Empty: all models.")
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.LOOKING)
    basis = models.CharField(max_length=64, blank=True)
    total = models.PositiveIntegerField(null=True)
    seen = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)
    seen_id = models.UUIDField(null=True)
    found: models.JSONField[Any, Any] = models.JSONField(default=dict)
    done: models.JSONField[Any, Any] = models.JSONField(default=dict)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = Repricings.as_manager()

    class Meta:
        verbose_name = _("repricing")
        verbose_name_plural = _("repricings")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.model or _('all models')}, {self.since:%Y-%m-%d %H:%M} – {self.until:%Y-%m-%d %H:%M}"  # noqa: RUF001 a range

    @property
    def active(self) -> bool:
        """True while a worker has something to do."""
        return self.status in self.WORKING
