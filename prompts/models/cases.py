"""Test cases of a prompt, and what came of running them over a version."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.models.origins import Originated
from prompts.models.versions import Prompt, PromptVersion


class PromptCases(models.QuerySet["PromptCase"]):
    def to_run(self, prompt_id: int) -> PromptCases:
        """The enabled cases of a prompt, with their checks."""
        return self.filter(prompt=prompt_id, enabled=True).prefetch_related("checks")


class PromptCase(models.Model):
    """An input of a prompt and what must be true of the answer."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="cases")
    name = models.CharField(max_length=100)
    variables = models.JSONField(
        default=dict, blank=True, help_text=_('A text for each variable, such as {"name": "Ada"}.')
    )
    messages = models.JSONField(
        default=list,
        blank=True,
        help_text=_('What is said after the prompt, such as [{"role": "user", "content": "Hi"}].'),
    )
    enabled = models.BooleanField(default=True)
    source = models.UUIDField(null=True, blank=True, editable=False)  # the request it was made from
    updated_at = models.DateTimeField(auto_now=True)

    objects = PromptCases.as_manager()

    class Meta:
        ordering = ["prompt", "name"]
        verbose_name = _("test case")
        constraints = [models.UniqueConstraint(fields=["prompt", "name"], name="prompt_case_name_once")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for variables or messages of a wrong shape."""
        from prompts.cases.checks import wrong_messages, wrong_variables  # they need these tables' values

        faults = {"variables": wrong_variables(self.variables), "messages": wrong_messages(self.messages)}
        if found := {field: fault for field, fault in faults.items() if fault}:
            raise ValidationError(found)


class CaseCheck(models.Model):
    """One thing that must be true of the answer; `value` is read as the kind says."""

    class Kind(models.TextChoices):
        CONTAINS = "contains", _("contains")
        NOT_CONTAINS = "not_contains", _("does not contain")
        MATCHES = "matches", _("matches the pattern")
        EQUALS = "equals", _("equals")
        SCHEMA = "schema", _("is JSON for the schema (empty: the prompt's)")
        MAX_TOKENS = "max_tokens", _("answer tokens, at most")
        MAX_COST = "max_cost", _("cost in dollars, at most")
        MAX_LATENCY = "max_latency", _("seconds, at most")
        JUDGE = "judge", _("a model judges by the rubric")

    case = models.ForeignKey(PromptCase, models.CASCADE, related_name="checks")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    value = models.TextField(blank=True)
    threshold = models.FloatField(null=True, blank=True, help_text=_("Of a judge: 0 to 1, by default 0.7."))
    model = models.CharField(max_length=160, blank=True, help_text=_("Of a judge: the site's if empty."))

    class Meta:
        ordering = ["id"]
        verbose_name = _("check")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value[:40]}".strip()

    def clean(self) -> None:
        """Raise ValidationError if the value is not what the kind needs."""
        from prompts.cases.checks import wrong_check

        if fault := wrong_check(self):
            raise ValidationError({"value": fault})


class CaseRuns(models.QuerySet["CaseRun"]):
    def active(self) -> CaseRuns:
        """Those that wait or work."""
        return self.filter(status__in=[CaseRun.Status.QUEUED, CaseRun.Status.RUNNING])

    def tallied(self) -> CaseRuns:
        """Bring along `done`, `failures`, `cost` and `tokens` of the results so far."""
        return self.annotate(  # type: ignore[no-redef]  # CaseRun declares what this brings
            done=Count("results"),
            failures=Count("results", filter=Q(results__passed=False)),
            cost=Sum("results__cost"),
            tokens=Sum("results__tokens"),
        )


class CaseRun(Originated):
    """The cases of a prompt over one version.

    `worker` holds the run until `leased_until` and moves that on while it lives; then another may take over.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="case_runs")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    total = models.PositiveIntegerField(default=0)
    who = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    worker = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    objects = CaseRuns.as_manager()

    if TYPE_CHECKING:  # `tallied` brings them along
        done: int
        failures: int

    class Meta:
        ordering = ["-id"]
        verbose_name = _("run of test cases")
        verbose_name_plural = _("runs of test cases")
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(status__in=["queued", "running"]), name="case_run_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def active(self) -> bool:
        """True while it waits or works."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)


class CaseResult(models.Model):
    """What a case came to in a run: the answer, and each check's verdict with its reason."""

    run = models.ForeignKey(CaseRun, models.CASCADE, related_name="results")
    case = models.ForeignKey(PromptCase, models.SET_NULL, null=True, related_name="results")
    name = models.CharField(max_length=100)
    passed = models.BooleanField()
    output = models.TextField(blank=True)
    error = models.TextField(blank=True)
    verdicts: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    request_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    tokens = models.PositiveIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["run", "case"], name="case_result_once")]

    def __str__(self) -> str:
        return f"{self.name}: {'passed' if self.passed else 'failed'}"

    @property
    def told(self) -> list[dict[str, Any]]:
        """The verdicts with their kinds in words."""
        names = dict(CaseCheck.Kind.choices)
        return [{**verdict, "kind": names.get(verdict["kind"], verdict["kind"])} for verdict in self.verdicts]
