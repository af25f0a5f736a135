"""The usage page, the calls behind its figures, and the page of one call."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from llm.dashboard.breakdown import ways
from llm.dashboard.filtering import chips, choices
from llm.dashboard.listing import WORDS, listing
from llm.dashboard.measures import MEASURES
from llm.dashboard.page import Absence, Asked, board
from llm.dashboard.period import NAMES, Period, bucket, period
from llm.dashboard.scope import Scope
from llm.models import CallBody
from llm.usage import Filters, WrongQuery, visible_to
from llm.views.policy import own_page


@own_page
@login_required
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """Show what a period cost: everything to staff, their own calls to others."""
    query = request.GET
    scope, chosen, shown = _asked(request)
    asked = Asked(
        measure=query.get("measure", ""), by=query.get("by", ""), compare=query.get("compare") != "no"
    )
    found = board(scope, chosen, asked)
    shown |= {"absence": found} if isinstance(found, Absence) else {"board": found}
    more = {"compare": asked.compare, "measures": MEASURES, "ways": ways(request.user)}
    return render(request, "llm/usage.html", {**shown, **more})


@own_page
@login_required
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """List the calls behind a figure, with the same filters."""
    scope, chosen, shown = _asked(request)
    query = request.GET
    found = listing(scope, chosen, query.get("only", ""), query.get("after", ""))
    total = scope.summary(chosen.now).total
    return render(request, "llm/calls.html", {**shown, "listing": found, "kinds": WORDS, "total": total})


@login_required
@require_safe
def call(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one call, what was said in it, and the other attempts of the same request."""
    visible = visible_to(request.user).select_related("user", "key")
    found = get_object_or_404(visible, pk=pk)
    attempts = visible.filter(request_id=found.request_id).order_by("created_at", "id")[:50]
    body = CallBody.objects.filter(call=found).first()
    offers = import_string(settings.LLM_CALL_OFFERS)(request.user, found) if body else []
    prompt = import_string(settings.LLM_CALL_PROMPT)(request.user, found)
    shown = {"call": found, "attempts": attempts, "body": body, "offers": offers, "prompt_page": prompt}
    return render(request, "llm/call.html", {"place": "usage", **shown})


def _asked(request: HttpRequest) -> tuple[Scope, Period, dict[str, Any]]:
    """What an address asks for, and what both pages show of it; a wrong time is told, not refused."""
    query, now = request.GET, datetime.now(UTC)
    wrong = None
    try:
        chosen = period(query.dict(), now)
    except WrongQuery as error:
        chosen, wrong = period({}, now), error.sentence
    filters = Filters.of(query.dict())
    scope = Scope(viewer=request.user, filters=filters)
    shown = {
        "place": "usage",
        "period": chosen,
        "periods": NAMES,
        "first": bucket(chosen.since, "day"),
        "last": bucket(chosen.until, "day"),
        "wrong": wrong,
        "kept": [(name, value) for name, value in query.items() if value],
        "filters": filters,
        "chips": chips(filters, query, request.user),
        "choices": choices(scope, chosen.now),
    }
    return scope, chosen, shown
