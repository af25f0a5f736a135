"""Whose calls are shown, and which of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from llm.dashboard.period import Span
from llm.dashboard.seen import Group, Seen, joined
from llm.models import Call
from llm.usage import Filters, Histogram, Summary, Viewer, calls, histograms, newest, summary
from llm.usage.waits import Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A viewer, who sees no more than they may, and filters."""

    viewer: Viewer
    filters: Filters

    def summary(self, span: Span, *by: str, most: int | None = None) -> Summary:
        """Sum the calls of a time."""
        since, until = span
        return summary(self.viewer, since=since, until=until, by=by, filters=self.filters, most=most)

    def waits(self, span: Span, *by: str) -> Mapping[Wait, Mapping[Group, Histogram]]:
        """Return the histograms of a time."""
        return histograms(self.viewer, *by, since=span[0], until=span[1], filters=self.filters)

    def seen(self, span: Span, *by: str) -> dict[Group, Seen]:
        """Return the figures of a time with their histograms; by people there are none of those."""
        found = self.summary(span, *by)
        figures = {tuple(row.keys.values()): row.figures for row in found.rows} if by else {(): found.total}
        return joined(figures, self.waits(span, *by))

    def calls(self, span: Span) -> QuerySet[Call]:
        """Return the calls of a time."""
        found = calls(self.viewer, since=span[0], until=span[1], filters=self.filters)
        return found.select_related("user", "key")

    def newest(self, span: Span, count: int, kind: str = "") -> QuerySet[Call]:
        """Return the calls of a time, newest first, of those older than the newest of a kind not all."""
        since, until = span
        found = newest(self.viewer, kind, since=since, until=until, filters=self.filters, count=count)
        return found.select_related("user", "key")

    def unfiltered(self) -> Scope:
        """Return the same without filters."""
        return replace(self, filters=Filters())
