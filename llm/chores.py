"""What the worker does by the clock; `SCHEDULES` in the settings says when."""

from django.core.management import call_command
from django.tasks import task
from django.utils import timezone

from llm.alerts.incidents import watch
from llm.alerts.outbox import deliver
from llm.retention import all_old, remove
from llm.usage.rolling import roll_up


@task()
def roll_up_usage() -> int:
    """Add up the past hours of the ledger; returns how many days were touched."""
    return len(roll_up())


@task()
def alert() -> int:
    """Watch the rules and tell what they find; returns how many messages were taken."""
    watch()
    return deliver()


@task()
def purge() -> dict[str, int]:
    """Remove what is past its retention, finished tasks too; returns how many rows of each kind."""
    removed = {old.name: remove(old.rows) for old in all_old(timezone.now())}
    call_command("ox_prune", verbosity=0)
    return removed
