"""Which prices a repricing has seen."""

from importlib.metadata import version

from django.db.models import Count, Max

from llm.models import ModelPrice


def basis() -> str:
    """Name the prices of now: the table that ships and those that staff set."""
    ours = ModelPrice.objects.aggregate(count=Count("pk"), last=Max("pk"))
    return f"genai-prices {version('genai-prices')}, {ours['count']} own up to {ours['last'] or 0}"
