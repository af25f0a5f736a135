"""Runs of agents, and the journal of what each did."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.ids import uuid7
from llm.lease import Leased, lasts
from llm.models.origins import Originated
from llm.models.spent import Spent
from llm.types import Owner, PromptRef

STATE_VERSION = 1  # of what the journal's rows hold; see llm/agents/state.py


class AgentRuns(models.QuerySet["AgentRun"]):
    def visible_to(self, user: Any) -> AgentRuns:
        """The runs of a person."""
        return self.filter(user=user)

    def unfinished(self) -> AgentRuns:
        """Runs that a worker has to drive."""
        return self.filter(status__in=(AgentRun.Status.QUEUED, AgentRun.Status.RUNNING))

    def free(self) -> AgentRuns:
        """Runs that no living worker drives."""
        held = Q(leased_until__gte=Now())
        return self.unfinished().exclude(held).filter(state_version__lte=STATE_VERSION)

    def locked(self, keys: Iterable[uuid.UUID]) -> AgentRuns:
        """The runs of `keys`, for update; all lock many in this order, so nobody waits in a ring."""
        return self.filter(pk__in=list(keys)).order_by("pk").select_for_update()

    def renew(self, keys: Iterable[uuid.UUID]) -> None:
        """Move the end of their leases on."""
        with transaction.atomic():
            held = list(self.locked(keys).values_list("pk", flat=True))
            self.filter(pk__in=held).update(leased_until=Now() + lasts())

    def claim(self, most: int, spared: Collection[uuid.UUID] = ()) -> list[AgentRun]:
        """Hold up to `most` free runs, the oldest first, each under a new epoch.

        `spared` are those that the caller drives: their leases are its beat's, however late that comes.
        """
        skip = connection.features.has_select_for_update_skip_locked
        with transaction.atomic():
            found = self.free().exclude(pk__in=spared).order_by("pk").select_for_update(skip_locked=skip)
            keys = list(found.values_list("pk", flat=True)[:most])
            self.filter(pk__in=keys).update(
                epoch=F("epoch") + 1,
                leased_until=Now() + lasts(),
                status=AgentRun.Status.RUNNING,
                started_at=Coalesce("started_at", Now()),
            )
            return list(self.filter(pk__in=keys))


class AgentRun(Leased, Spent, Originated):
    """An agent on its way to a goal. What it did stands in its steps; this row is the sum of them.

    `code` and `reason` say, to programs and to people, why a run ended otherwise than by an answer.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        AWAITING = "awaiting_approval", _("waiting for approval")
        COMPLETED = "completed", _("completed")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        MAX_ITERATIONS = "max_iterations", _("out of iterations")

    ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.MAX_ITERATIONS)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="agent_runs")
    key = models.ForeignKey("llm.ApiKey", models.SET_NULL, null=True, related_name="+")
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED, db_index=True)
    goal = models.TextField()
    instructions = models.TextField(blank=True)
    history = models.JSONField(default=list, blank=True)  # [{role, content}], what was said before the goal
    model = models.CharField(max_length=160, blank=True)
    chain = models.JSONField(default=list, blank=True)  # whom to ask, in order; empty: `model`, or the site's
    temperature = models.FloatField(null=True)
    answer_tokens = models.PositiveIntegerField(null=True)  # at most, in each answer of the model
    prompt = models.CharField(max_length=64, blank=True)  # whose words the instructions are
    prompt_version = models.PositiveIntegerField(null=True)
    tools = models.JSONField(default=list)
    max_iterations = models.PositiveSmallIntegerField(default=10)
    max_tokens = models.PositiveIntegerField(null=True)
    max_cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    max_seconds = models.PositiveIntegerField(null=True)
    result = models.TextField(null=True)  # noqa: DJ001 an empty answer is not none
    code = models.CharField(max_length=32, blank=True)
    reason = models.TextField(blank=True)
    iterations = models.PositiveSmallIntegerField(default=0)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True, default=Decimal(0))
    state_version = models.PositiveSmallIntegerField(default=STATE_VERSION, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = AgentRuns.as_manager()

    class Meta:
        verbose_name = _("agent run")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.goal[:60]

    @property
    def owner(self) -> Owner:
        """Who the run is for."""
        return Owner(user_id=self.user_id, key_id=self.key_id)

    @property
    def prompt_ref(self) -> PromptRef | None:
        """The version of a prompt that the ledger books, if the run follows one."""
        if self.prompt_version is None:
            return None
        return PromptRef(slug=self.prompt, version=self.prompt_version)

    @property
    def ended(self) -> bool:
        """True once nothing more will happen."""
        return self.status in self.ENDED


class AgentSteps(models.QuerySet["AgentStep"]):
    def update(self, **values: Any) -> NoReturn:
        """Refuse: what happened does not change."""
        raise TypeError("The journal of a run is never changed.")

    def of(self, run: uuid.UUID, after: int = 0) -> Sequence[AgentStep]:
        """Return the rows of a run after one, in order."""
        return list(self.filter(run=run, seq__gt=after).order_by("seq"))


class AgentStep(models.Model):
    """One row of a run's journal: that something begins, or how it went. Never changed; gone with its run.

    `step` is the number of the thing that the row tells of: the rows of one step are its history, and the
    newest says how it stands. `data` depends on `kind` and `status`; see llm/agents/state.py. `worker` wrote
    the row under the lease of that `epoch`; a person's row has neither.
    """

    class Kind(models.TextChoices):
        MODEL = "model", _("model")
        TOOL = "tool", _("tool")
        APPROVAL = "approval", _("approval")
        NOTE = "note", _("note")

    run = models.ForeignKey(AgentRun, models.DO_NOTHING, related_name="steps")  # triggers do; see guard.py
    seq = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10)
    data = models.JSONField(default=dict)
    epoch = models.PositiveIntegerField(null=True)
    worker = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AgentSteps.as_manager()

    class Meta:
        verbose_name = _("agent step")
        ordering = ["run", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="agent_step_seq_once")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind} {self.status}"

    def save(self, *args: Any, **options: Any) -> None:
        """Insert the row; raises TypeError for one that exists."""
        if not self._state.adding:
            raise TypeError("The journal of a run is never changed.")
        super().save(*args, **{**options, "force_insert": True})
