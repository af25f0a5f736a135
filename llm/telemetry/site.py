"""What is counted of the whole site, in the database, when somebody asks."""

from django.conf import settings
from django_ox.stats import oldest_ready_age, ready_count

from llm.models import AlertDelivery
from llm.telemetry.meters import Family


def families() -> list[Family]:
    """Return the depth of each queue; three statements."""
    age = oldest_ready_age()
    return [
        _gauge("parley_tasks_waiting", "Tasks that are due and wait for a worker.", ready_count()),
        _gauge(
            "parley_tasks_oldest_seconds",
            "How long the oldest has waited.",
            age.total_seconds() if age else 0,
        ),
        _gauge(
            "parley_outbox_waiting",
            "Messages of alerts that nobody has taken yet.",
            AlertDelivery.objects.filter(sent_at=None).count(),
        ),
        Family(
            name="parley_build_info",
            kind="gauge",
            says="The version that runs.",
            samples=[("", {"version": settings.VERSION}, 1.0)],
        ),
    ]


def _gauge(name: str, says: str, value: float) -> Family:
    return Family(name=name, kind="gauge", says=says, samples=[("", {}, value)])
