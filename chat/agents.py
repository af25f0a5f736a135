"""Answers that agents write. The run does the work, in whichever worker; the answer follows it.

Nobody runs such an answer: its flushes are the rows of the run's journal, and once the run has ended the
first process that looks stores the text and the figures. So no death of a process loses anything.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from chat import turns
from chat.context import shown
from chat.errors import NotFound
from chat.frames import Delta, Step
from chat.models import Generation, Message
from chat.prepared import Prepared
from chat.turns import Asked, Outcome, Turn
from llm import catalog, runloop
from llm.agents import journal, wire
from llm.agents import service as runs
from llm.agents.service import Order
from llm.agents.state import Record
from llm.models.agents import AgentRun
from llm.types import Owner
from prompts.service import Rendered

NOBODY = uuid.UUID(int=0)  # the runner of an agent's answer
AT_ONCE = 50  # answers that are ended in one look
REASONS = {
    "max_iterations": gettext_noop("The agent used all its steps; this is the best answer it has."),
    "max_tokens": gettext_noop("The agent used all its tokens; this is the best answer it has."),
    "max_cost": gettext_noop("The agent spent what it may cost; this is the best answer it has."),
    "max_seconds": gettext_noop("The agent used all its time; this is the best answer it has."),
    "cycle": gettext_noop("The agent went in circles and was stopped."),
    "empty": gettext_noop("The model gave no answer, though it was asked again."),
}
TOO_EARLY = gettext_noop("The agent reached its limit before it had an answer.")

_on_completed: list[Callable[[uuid.UUID], object]] = []
_at_work = Prepared(lambda: Generation.objects.running().filter(run__isnull=False).values_list("pk")[:1])


@transaction.atomic
def begin(user: Any, store: Callable[[], Turn], rendered: Rendered, asked: Asked) -> Turn:
    """Store a turn and put the run that answers it into the queue, as one; raises what both raise."""
    turn = store()
    if not turn.new:
        return turn
    owner = Owner(user_id=user.pk, key_id=asked.key)
    run = runs.start(user, _order(rendered, turn, asked.model), owner)
    Generation.objects.filter(pk=turn.generation).update(run=run)
    return replace(turn, run=run.pk)


def _order(rendered: Rendered, turn: Turn, wanted: str) -> Order:
    """The question is the goal, and what was said before it the history; the prompt says who answers how."""
    model = wanted or rendered.model
    known = model or settings.PARLEY.model_chain[0]
    limit = rendered.parameters.get("max_tokens")
    room = int(limit or catalog.card(known).default_max_tokens)
    *before, question = shown(rendered.messages, turn.path, known, room)
    return Order(
        goal=question.content,
        instructions="\n\n".join(said.content for said in before if said.role == "system"),
        history=[said for said in before if said.role != "system"],
        model=model,
        chain=() if wanted else rendered.chain,
        temperature=rendered.parameters.get("temperature"),
        answer_tokens=int(limit) if limit else None,
        prompt=rendered.ref,
    )


@transaction.atomic
def stop(user: Any, generation_id: uuid.UUID) -> uuid.UUID | None:
    """Mark an answer to stop, and with it stop the run of an agent's; returns its runner as `turns` does."""
    process = turns.request_stop(user, generation_id)
    if process == NOBODY:
        run = Generation.objects.values_list("run", flat=True).get(pk=generation_id)
        if run:
            runs.cancel(user, run)
    return process


def decide(
    user: Any, conversation: uuid.UUID, message: uuid.UUID, step: int, *, approved: bool, note: str
) -> None:
    """Answer for a tool that waits; raises NotFound, and Conflict where none waits any more."""
    own = Generation.objects.visible_to(user).filter(message__conversation=conversation, message=message)
    run = own.exclude(run=None).values_list("run", flat=True).first()
    if run is None:
        raise NotFound("This answer does not exist in this conversation.")
    runs.approve(user, run, step, approved=approved, note=note)


def stop_unread(seconds: float) -> None:
    """Stop the work on answers that run only while they are read, once their last reader has been gone.

    A run that waits for a person goes on waiting: that costs nothing.
    """
    gone = Now() - timedelta(seconds=seconds)
    kept_by_readers = Generation.objects.running().filter(on_disconnect=Generation.OnDisconnect.STOP)
    alone = kept_by_readers.filter(read_at__lt=gone, run__in=AgentRun.objects.unfinished())
    for row in alone.select_related("message__conversation__owner")[:AT_ONCE]:
        stop(row.message.conversation.owner, row.pk)


def are_at_work() -> bool:
    """Return whether an agent's answer is still being written."""
    return bool(_at_work.ids())


async def look() -> None:
    """Store the ends of answers whose run has ended, and tell who asked to be told of them."""
    for generation in await sync_to_async(settle)():
        for completed in _on_completed:
            completed(generation)


def on_completed(completed: Callable[[uuid.UUID], object]) -> None:
    """Call `completed` after each answer that came to its own end and that this process stored, until its
    loop ends; it must not wait."""
    _on_completed.append(completed)
    runloop.on_close(_forget)


async def _forget() -> None:
    _on_completed.clear()


def settle() -> list[uuid.UUID]:
    """Store the ends of answers whose run has ended; returns those that came to their own end."""
    ended = Generation.objects.running().filter(run__status__in=AgentRun.ENDED).select_related("run")
    rows = [(row.pk, row.run) for row in ended[:AT_ONCE] if row.run]
    records = journal.newer((run.pk, 0) for _, run in rows)
    ends = [(pk, outcome(run, records.get(run.pk, ()))) for pk, run in rows]
    stored = [(pk, end) for pk, end in ends if turns.finish(pk, end)]
    return [pk for pk, end in stored if end.status == Message.Status.COMPLETED]


def outcome(run: AgentRun, records: Sequence[Record]) -> Outcome:
    """Return how the answer of a run ended; its figures are the sums over the steps."""
    answers = [one.data for one in records if (one.kind, one.status) == ("model", "done")]
    text = run.result or ""
    status = _status(run)
    reason = "" if status in (Message.Status.COMPLETED, Message.Status.STOPPED) else _reason(run)
    return Outcome(
        status=status,
        text=text,
        seq=(records[-1].seq if records else 0) + bool(text),
        model=answers[-1]["model"] if answers else "",
        usage=run.usage,
        cost=run.cost,
        cached=bool(answers) and all(answer.get("cached") for answer in answers),
        total_ms=sum(one.data.get("ms") or 0 for one in records),
        error_code=run.code if reason else "",
        error_text=reason,
    )


def _status(run: AgentRun) -> str:
    if run.status == AgentRun.Status.COMPLETED:
        return Message.Status.COMPLETED
    if run.status == AgentRun.Status.CANCELLED:
        return Message.Status.STOPPED
    return Message.Status.LENGTH if run.result else Message.Status.ERROR


def _reason(run: AgentRun) -> str:
    if run.code.startswith("max_") and not run.result:
        return TOO_EARLY
    return REASONS.get(run.code, run.reason)


@sync_to_async
def steps(after: Mapping[uuid.UUID, tuple[uuid.UUID, int]]) -> list[Step]:
    """Return what runs did: `after` says by generation which run, and from which row on."""
    found = journal.newer(after.values())
    return [
        Step(generation=generation, seq=record.seq, step=wire.step(record))
        for generation, (run, seq) in after.items()
        for record in found.get(run, ())
        if record.seq > seq
    ]


@sync_to_async
def texts(after: Mapping[uuid.UUID, int]) -> list[Delta]:
    """Return the texts of agents' answers that have ended, each as the last flush of its answer."""
    rows = Generation.objects.filter(pk__in=after).exclude(message__content="")
    return [
        Delta(generation=pk, first=seq, last=seq, text=content)
        for pk, seq, content in rows.values_list("pk", "message__seq", "message__content")
        if after[pk] < seq
    ]
