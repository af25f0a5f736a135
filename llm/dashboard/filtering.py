"""The filters of the usage pages as a person sees them: what may be chosen, and what is."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import QueryDict

from llm.dashboard.breakdown import model_name
from llm.dashboard.period import Span
from llm.dashboard.scope import Scope
from llm.models import ApiKey
from llm.usage import Filters, Viewer, seen_by, sees_all

MOST = 300  # people or keys to choose from; more are found by their line in a table
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A filter that may be set: values and their words."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


def chips(filters: Filters, query: QueryDict, viewer: Viewer) -> list[Chip]:
    """Return a chip for each filter that is given."""
    found = []
    for name, value in filters.given.items():
        rest = query.copy()
        rest.pop(name, None)
        words = _key_name(value, viewer) if name == "key" else value
        found.append(Chip(label=LABELS[name], value=words, without=rest.urlencode()))
    return found


def choices(scope: Scope, span: Span) -> list[Choice]:
    """Return what was called in a time, and the people and keys that the viewer may see."""
    rows = scope.unfiltered().summary(span, "feature", "model", "prompt_version").rows
    options: dict[str, list[tuple[str, str]]] = {
        name: [(value, show(value)) for value in sorted({str(row.keys[name] or "") for row in rows} - {""})]
        for name, show in (("feature", str), ("model", model_name), ("prompt", str), ("prompt_version", str))
    }
    people = User.objects.order_by("username").values_list("username", flat=True)
    options["user"] = [(name, name) for name in people[:MOST]] if sees_all(scope.viewer) else []
    keys = ApiKey.objects.filter(seen_by(scope.viewer)).order_by("name")[:MOST]
    options["key"] = [(str(key.pk), key.name) for key in keys]
    given = scope.filters.given
    return [
        Choice(
            name=name,
            label=label,
            options=_with(options[name], given.get(name, "")),
            chosen=given.get(name, ""),
        )
        for name, label in LABELS.items()
        if options[name] or name in given
    ]


def _with(options: list[tuple[str, str]], chosen: str) -> list[tuple[str, str]]:
    """What is chosen stays a choice, even where nothing was called with it."""
    known = not chosen or any(value == chosen for value, _ in options)
    return options if known else [(chosen, chosen), *options]


def _key_name(text: str, viewer: Viewer) -> str:
    """The name of a key that the viewer may see; else what the address says."""
    row = ApiKey.objects.filter(seen_by(viewer), Filters(key=text).of_key()).first()
    return row.name if row else text
