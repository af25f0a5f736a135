"""What the usage page shows, as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from llm.batches.cells import cell
from llm.dashboard.breakdown import WAYS
from llm.dashboard.period import period
from llm.dashboard.scope import Scope
from llm.usage import Filters, Row, WrongQuery

FIGURES = (
    "calls",
    "errors",
    "cached_calls",
    "unpriced_calls",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost",
    "saved",
)


@login_required
@require_safe
def usage_export(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the rows behind the page, of what its viewer may see: by hour or day, and as it is taken apart."""
    query = request.GET.dict()
    try:
        chosen = period(query, datetime.now(UTC))
    except WrongQuery as error:
        return HttpResponse(error.sentence, status=error.status, content_type="text/plain")
    scope = Scope(viewer=request.user, filters=Filters.of(query))
    by = query.get("by", "")
    keys = (by,) if by in WAYS and by != "feature" else ("feature", "model")
    found = scope.summary(chosen.now, chosen.step, *keys)
    text = _csv(found.rows) if kind == "csv" else _json(found.rows)
    answer = HttpResponse(text, content_type="text/csv" if kind == "csv" else "application/json")
    name = f"usage-{chosen.since:%Y-%m-%d}-{chosen.until:%Y-%m-%d}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _csv(rows: Iterable[Row]) -> str:
    """A column a key and a figure; what is unknown is empty, and no text is a formula."""
    table = [[*row.keys, *FIGURES] for row in rows][:1]
    for row in rows:
        figures = row.figures.as_json()
        names = [cell(str(value)) for value in row.keys.values()]
        table.append([*names, *("" if figures[name] is None else str(figures[name]) for name in FIGURES)])
    text = StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue()


def _json(rows: Iterable[Row]) -> str:
    return json.dumps({"rows": [{**row.keys, **row.figures.as_json()} for row in rows]}, default=str)
