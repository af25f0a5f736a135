"""The background work of test cases."""

from django.tasks import task

from llm import runloop
from prompts.cases.runner import carry_out


@task()
def run_cases(run_id: int) -> None:
    """Carry out a run; given twice, or again after a worker died, it goes on where it was."""
    runloop.wait(carry_out(run_id))
