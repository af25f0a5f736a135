"""The background work of repricing."""

import uuid

from django.tasks import task

from llm import runloop

LATER = -20  # whoever waits for an answer goes first
TRIES = 1000  # one more than the workers that may die under one slice


@task(priority=LATER, max_attempts=TRIES)  # type: ignore[call-overload,untyped-decorator]  # django-ox's own
def reprice(pk: str) -> None:
    """Work on a repricing for a while; given twice, or again after a worker died, it goes on where it was."""
    from llm.repricing.walk import carry_out  # which queues this task again

    runloop.wait(carry_out(uuid.UUID(pk)))


def run_again(pk: uuid.UUID) -> None:
    """Queue the next slice."""
    reprice.enqueue(str(pk))
