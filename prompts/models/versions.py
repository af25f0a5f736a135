"""Texts that people edit without a deploy, in versions that never change."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Max, OuterRef, Q, Subquery
from django.utils import timezone

from llm.types import Message
from prompts.content import FINISH, STOP, Content
from prompts.history import AppendOnly, AppendOnlyRows
from prompts.rendering import Variable

PRODUCTION = "production"


class Prompts(models.QuerySet["Prompt"]):
    def with_labels(self) -> Prompts:
        """Bring along the labels with their versions, and the newest number as `newest`."""
        return self.prefetch_related("labels__version").annotate(newest=Max("versions__number"))


class Prompt(models.Model):
    """A prompt has versions; code names it by its slug. One that has versions is never deleted."""

    slug = models.SlugField(
        max_length=64, unique=True, help_text="The name that programs use. It cannot be changed later."
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, help_text="What it is for, in a sentence.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = Prompts.as_manager()

    class Meta:
        ordering = ["slug"]
        permissions = [("publish", "Can publish: move the label production")]

    def __str__(self) -> str:
        return self.title or self.slug

    def labelled(self, name: str = PRODUCTION) -> PromptVersion | None:
        """Return the version that a label points at."""
        return self.versions.filter(labels__name=name).first()


class PromptVersions(AppendOnlyRows["PromptVersion"]):
    def newest(self) -> PromptVersions:
        """The last version of each prompt, with the prompt, by slug."""
        numbers = PromptVersion.objects.filter(prompt=OuterRef("prompt")).order_by("-number")
        last = self.filter(number=Subquery(numbers.values("number")[:1]))
        return last.select_related("prompt").order_by("prompt__slug")


class PromptVersion(AppendOnly):
    """What a prompt said from a moment on; never changed after it was written, by anyone."""

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    messages = models.JSONField()
    variables = models.JSONField(default=list, blank=True)
    model = models.CharField(max_length=500, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    cache_ttl = models.PositiveIntegerField(null=True, blank=True)
    on_disconnect = models.CharField(max_length=16, default=FINISH)
    on_stop = models.CharField(max_length=16, default=STOP)
    output_schema = models.TextField(
        blank=True
    )  # text, for PostgreSQL's JSON forgets the order of properties
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PromptVersions.as_manager()

    badges: list[tuple[str, bool]]  # what points at it, and whether people get it; pages set it

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "number"], name="prompt_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="prompt_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"

    def save(self, *args: Any, **options: Any) -> None:
        """Insert the version; raises InvalidPrompt, or Immutable for one that exists."""
        if self._state.adding:
            self.content.check()
        super().save(*args, **options)

    @property
    def content(self) -> Content:
        """What the version says."""
        return Content(
            messages=tuple(Message(role=m["role"], content=m["content"]) for m in self.messages),
            variables=tuple(Variable.of(variable) for variable in self.variables),
            model=self.model,
            parameters=dict(self.parameters),
            cache_ttl=self.cache_ttl,
            on_disconnect=self.on_disconnect,
            on_stop=self.on_stop,
            output_schema=self.output_schema,
        )
