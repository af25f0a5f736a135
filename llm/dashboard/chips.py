"""The filters of the usage page as a person sees them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from llm.models import ApiKey
from llm.usage import Filters, Viewer, seen_by

LABELS = {
    "feature": "Feature",
    "model": "Model",
    "user": "User",
    "key": "Key",
    "prompt": "Prompt",
    "prompt_version": "Version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter in words; `without` is the address's query that has all but this."""

    label: str
    value: str
    without: str


def chips(filters: Filters, query: QueryDict, viewer: Viewer) -> list[Chip]:
    """Return a chip for each filter that is given."""
    found = []
    for name, value in filters.given.items():
        rest = query.copy()
        rest.pop(name, None)
        words = _key_name(value, viewer) if name == "key" else value
        found.append(Chip(label=LABELS[name], value=words, without=rest.urlencode()))
    return found


def _key_name(text: str, viewer: Viewer) -> str:
    """The name of a key that the viewer may see; else what the address says."""
    row = ApiKey.objects.filter(seen_by(viewer), Filters(key=text).of_key()).first()
    return row.name if row else text
