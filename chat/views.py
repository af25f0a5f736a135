"""Pages of the chat. Reading works without JavaScript; asking goes over the socket."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import blanks, keeping, reading
from chat.models import Conversation
from chat.turns import LONGEST_TEXT

LISTED = 50


@require_safe
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """An empty chat; its first message makes the conversation."""
    context = _frame(request) | {"draft": request.GET.get("text", "")[:LONGEST_TEXT]}
    return render(request, "chat/page.html", context)


@require_safe
@never_cache
@login_required
def conversation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One conversation, with everything that was said."""
    found = _own(request, pk)
    reading.mark_read(found)
    context = _frame(request, found) | {"thread": reading.thread(found)}
    return render(request, "chat/page.html", context)


@require_safe
@never_cache
@login_required
def message(request: HttpRequest, pk: uuid.UUID, message: uuid.UUID) -> HttpResponse:
    """One message as the page shows it."""
    found = _own(request, pk)
    shown = reading.message(found, message)
    if shown is None:
        raise Http404
    reading.mark_read(found)
    return render(request, "chat/_message.html", {"message": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def conversations(request: HttpRequest) -> HttpResponse:
    """GET: the list as the sidebar shows it. POST: a new, empty conversation."""
    if request.method != "POST":
        return render(request, "chat/_conversations.html", _list(request, _uuid(request, "current")))
    made = keeping.begin(request.user, request.POST.get("title", ""))
    address = reverse("conversation", args=[made.pk])
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"id": str(made.pk), "url": address}, status=201)
    return redirect(address)


@require_POST
@login_required
def rename(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _done(keeping.rename(request.user, pk, request.POST.get("title", "")), "conversation", pk)


@require_POST
@login_required
def pin(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _done(keeping.toggle_pin(request.user, pk), "conversation", pk)


@require_POST
@login_required
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _done(keeping.delete(request.user, pk), "home")


def _own(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    return get_object_or_404(Conversation.objects.visible_to(request.user), pk=pk)


def _done(found: bool, then: str, *args: Any) -> HttpResponse:
    if not found:
        raise Http404
    return redirect(then, *args)


def _frame(request: HttpRequest, current: Conversation | None = None) -> dict[str, Any]:
    """What stands around the messages: the list, the model that answers, what a script fills in."""
    first = settings.PARLEY.model_chain[0]
    return _list(request, current.pk if current else None) | {
        "place": "chat",
        "conversation": current,
        "first_model": first,
        "is_demo": first.startswith("local:"),
        "has_model": not first.startswith("local:") or bool(settings.PARLEY.parley_local_url),
        "longest": LONGEST_TEXT,
        "blanks": blanks.BLANKS,
    }


def _list(request: HttpRequest, current: uuid.UUID | None) -> dict[str, Any]:
    search = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL refuses NUL
    rows = reading.listed(request.user, limit=LISTED + 1, before=_uuid(request, "before"), search=search)
    shown = rows[:LISTED]
    return {
        "groups": list(reading.grouped(shown, timezone.now().date())),
        "current": current,
        "older": shown[-1].id if len(rows) > LISTED else None,
        "search": search,
    }


def _uuid(request: HttpRequest, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None
