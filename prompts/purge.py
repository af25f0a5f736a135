"""What of the test cases' runs is too old to keep."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import OuterRef, Subquery

from llm.retention import Old
from prompts.models import CaseRun


def old_runs(now: datetime) -> Old:
    """Finished runs with their answers; the last one of a version stays, for publishing asks for it."""
    days = settings.PARLEY.parley_retention_days
    newer = CaseRun.objects.filter(version=OuterRef("version")).order_by("-pk").values("pk")[:1]
    rows = CaseRun.objects.filter(finished_at__lt=now - timedelta(days=days)).exclude(pk=Subquery(newer))
    return Old(name="runs of test cases", rows=rows, why=f"finished more than {days} days ago")
