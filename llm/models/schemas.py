"""Extraction schemas that people make, as versions that nobody edits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAME = RegexValidator(
    r"\A[a-z][a-z0-9_-]{0,63}\Z", _("Begin with a small letter; then small letters, digits, _ and -.")
)


class ExtractionSchemas(models.QuerySet["ExtractionSchema"]):
    def offered(self) -> ExtractionSchemas:
        """Those that texts can be extracted into, each with its current version."""
        return self.filter(current__isnull=False).select_related("current")


class ExtractionSchema(models.Model):
    """A schema by name; `current` is the version that callers get, none if it is withdrawn."""

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[NAME],
        help_text=_("The address: POST /api/v1/extract/NAME."),
    )
    current = models.ForeignKey(
        "llm.ExtractionSchemaVersion", models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ExtractionSchemas.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("extraction schema")

    def __str__(self) -> str:
        return self.name


class ExtractionSchemaVersion(models.Model):
    """A JSON Schema as it was written: the order of its properties is the order in which a model answers."""

    schema = models.ForeignKey(ExtractionSchema, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["schema", "number"], name="schema_version_once")]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def json_schema(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.source)
        return found
