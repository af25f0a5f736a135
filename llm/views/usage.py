"""The usage page, and the page of one call."""

import uuid
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from llm.dashboard.chips import chips
from llm.dashboard.page import MEASURES, Absence, Scope, board
from llm.dashboard.period import NAMES, period
from llm.models import CallBody
from llm.usage import Filters, visible_to


@login_required
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """Show what a period cost: everything to staff, their own calls to others."""
    query = request.GET
    chosen = period(query.get("period", "30d"), datetime.now(UTC))
    filters = Filters.of(query.dict())
    found = board(Scope(viewer=request.user, filters=filters), chosen, query.get("measure", ""))
    shown = {"absence": found} if isinstance(found, Absence) else {"board": found}
    return render(
        request,
        "llm/usage.html",
        {
            "place": "usage",
            "period": chosen,
            "periods": NAMES,
            "measures": MEASURES,
            "filters": filters,
            "chips": chips(filters, query, request.user),
            **shown,
        },
    )


@login_required
@require_safe
def call(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one call, what was said in it, and the other attempts of the same request."""
    visible = visible_to(request.user).select_related("user", "key")
    found = get_object_or_404(visible, pk=pk)
    attempts = visible.filter(request_id=found.request_id).order_by("created_at", "id")[:50]
    body = CallBody.objects.filter(call=found).first()
    offers = import_string(settings.LLM_CALL_OFFERS)(request.user, found) if body else []
    shown = {"place": "usage", "call": found, "attempts": attempts, "body": body, "offers": offers}
    return render(request, "llm/call.html", shown)
