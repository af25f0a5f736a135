"""The background work of batches."""

import uuid
from datetime import timedelta

from django.tasks import TaskResult, task
from django.utils import timezone

from llm import runloop

LATER = -10  # an agent's run, for which somebody waits, goes first
TRIES = 1000  # one more than the workers that may die under one slice; its items count their own
LONGEST = 60  # seconds between two tries


def _pause(error: BaseException, result: "TaskResult[..., None]") -> int:
    return min(LONGEST, 1 << min(result.attempts, 6))


@task(priority=LATER, max_attempts=TRIES, backoff=_pause)  # type: ignore[call-overload,untyped-decorator]  # django-ox's own
def run_batch(batch_id: str) -> None:
    """Work on a batch for a while; given twice, or again after a worker died, it goes on where it was."""
    from llm.batches.runner import carry_out  # which queues this task again

    runloop.wait(carry_out(uuid.UUID(batch_id)))


def run_again(batch_id: uuid.UUID, *, seconds: float) -> None:
    """Queue the next slice of a batch, in the transaction of the caller."""
    due = timezone.now() + timedelta(seconds=seconds) if seconds else None
    run_batch.using(run_after=due).enqueue(str(batch_id))
