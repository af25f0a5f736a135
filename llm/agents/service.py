"""What a person or a program may do with runs: start one, stop it, answer what it asks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from llm import catalog
from llm.agents import journal, registry
from llm.agents.state import Record, State
from llm.agents.tasks import drive
from llm.api.faults import Conflict, Fault, NotFound
from llm.models.agents import AgentRun, AgentRuns, AgentStep
from llm.types import Message, Owner, PromptRef

MAX_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run shall do, with what, and how much it may use. `tools` None gives it all that there are.

    `history` is what a person and a model said before, and what the goal may refer to. `chain` names an own
    order of models; `temperature` and `answer_tokens` hold for each answer of theirs, and `prompt` is the
    version whose words the instructions are.
    """

    goal: str
    tools: Sequence[str] | None = None
    model: str | None = None
    chain: Sequence[str] = ()
    temperature: float | None = None
    answer_tokens: int | None = None
    prompt: PromptRef | None = None
    instructions: str = ""
    history: Sequence[Message] = ()
    max_iterations: int = 10
    max_tokens: int | None = None
    max_cost: Decimal | None = None
    max_seconds: int = MAX_SECONDS


@transaction.atomic
def start(user: Any, order: Order, owner: Owner | None = None) -> AgentRun:
    """Put a run into the queue; raises Fault. `owner` says which key was used, if one was."""
    for model in filter(None, (order.model, *order.chain)):
        catalog.resolve(model)
    run = AgentRun.objects.create(
        user=user,
        key_id=owner.key_id if owner else None,
        goal=order.goal,
        instructions=order.instructions,
        history=[{"role": said.role, "content": said.content} for said in order.history],
        model=order.model or "",
        chain=list(order.chain),
        temperature=order.temperature,
        answer_tokens=order.answer_tokens,
        prompt=order.prompt.slug if order.prompt else "",
        prompt_version=order.prompt.version if order.prompt else None,
        tools=_tools(user, order.tools),
        max_iterations=order.max_iterations,
        max_tokens=order.max_tokens,
        max_cost=order.max_cost,
        max_seconds=order.max_seconds,
    )
    drive.enqueue()
    return run


@transaction.atomic
def cancel(user: Any, pk: uuid.UUID, *, of: AgentRuns | None = None) -> AgentRun:
    """Stop a run; one that has ended stays as it is. Raises NotFound.

    `of` are the runs that the person may steer: their own, if none are given.

    The next epoch is nobody's: whoever drives the run can write nothing more, and leaves it within a beat.
    """
    run = _locked(user, pk, of)
    if not run.ended:
        run.status, run.finished_at, run.leased_until = AgentRun.Status.CANCELLED, timezone.now(), None
        run.epoch += 1
        run.save(update_fields=["status", "finished_at", "leased_until", "epoch"])
    return run


@transaction.atomic
def approve(
    user: Any, pk: uuid.UUID, step: int, *, approved: bool, note: str = "", of: AgentRuns | None = None
) -> AgentRun:
    """Answer for a call that waits; the run goes on once none waits. Raises NotFound, Conflict.

    `of` are the runs that the person may steer: their own, if none are given.
    """
    run = _locked(user, pk, of)
    state = State(map(journal.record, AgentStep.objects.of(pk)), run.state_version)
    call = state.call(step)
    if run.status != AgentRun.Status.AWAITING or call is None or not call.waits:
        raise Conflict(_("Step %(step)s does not wait for an answer.") % {"step": step})
    data = {"step": step, "approved": approved, "note": note, "by": user.pk}
    status = "approved" if approved else "denied"
    record = Record(
        seq=state.seq + 1, step=state.step + 1, kind="approval", status=status, data=data, at=timezone.now()
    )
    journal.append(run.pk, [record])
    state.apply(record)
    if not state.waiting:
        run.status = AgentRun.Status.QUEUED
        run.save(update_fields=["status"])
        drive.enqueue()
    return run


def find(user: Any, pk: uuid.UUID) -> AgentRun:
    """Return a run of a person; raises NotFound."""
    run = AgentRun.objects.visible_to(user).filter(pk=pk).first()
    if run is None:
        raise NotFound(_("This run does not exist."))
    return run


def _locked(user: Any, pk: uuid.UUID, of: AgentRuns | None) -> AgentRun:
    rows = AgentRun.objects.visible_to(user) if of is None else of
    run = rows.select_for_update().filter(pk=pk).first()
    if run is None:
        raise NotFound(_("This run does not exist."))
    return run


def _tools(user: Any, wanted: Sequence[str] | None) -> list[str]:
    """Return the names of the tools that a run gets; `complete` always belongs to them."""
    allowed = [tool.name for tool in registry.allowed(user)]
    for name in wanted or ():
        if name not in allowed:
            raise Fault(
                _("There is no tool named %(name)s for you. There are: %(tools)s.")
                % {"name": name[:64], "tools": ", ".join(allowed)},
                pointer="/tools",
            )
    return allowed if wanted is None else [name for name in allowed if name in {*wanted, "complete"}]
