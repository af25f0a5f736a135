"""What people think of the answers of a prompt's versions, for who compares them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q

from chat.models import Feedback


def of_prompt(slug: str, numbers: Iterable[int], since: datetime) -> dict[int, tuple[int, int]]:
    """Return version -> (thumbs up, thumbs down), of answers since a moment."""
    rows = (
        Feedback.objects.filter(
            message__generation__prompt=slug,
            message__generation__prompt_version__in=list(numbers),
            message__created_at__gte=since,
        )
        .values_list("message__generation__prompt_version")
        .annotate(up=Count("pk", filter=Q(value=1)), down=Count("pk", filter=Q(value=-1)))
    )
    return {number: (up, down) for number, up, down in rows}
