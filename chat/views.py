"""Pages of the chat. Reading and asking work without JavaScript; what streams comes over the socket."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import agents, blanks, choices, exporting, feedback, keeping, preferences, reading, service
from chat.errors import ChatError, NotFound
from chat.models import Conversation
from chat.policy import own_page
from chat.turns import LONGEST_TEXT, Asked
from llm import runloop
from llm.api.faults import Conflict
from llm.errors import LLMError
from prompts.errors import PromptError

LISTED = 50
LONGEST_NOTE = 2000  # characters


@require_safe
@never_cache
@login_required
@own_page
def home(request: HttpRequest) -> HttpResponse:
    """An empty chat; its first message makes the conversation."""
    gone = _uuid(request, "deleted")
    context = _frame(request) | {
        "draft": request.GET.get("text", "")[:LONGEST_TEXT],
        "deleted": keeping.deleted(request.user, gone) if gone else None,
    }
    return render(request, "chat/page.html", context)


@require_safe
@never_cache
@login_required
@own_page
def conversation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One conversation, along the branch of `leaf` or the newest one: its end, or `from` a message on."""
    found = _own(request, pk)
    reading.mark_read(found)
    leaf = _uuid(request, "leaf")
    shown = reading.page(found, leaf, first=_uuid(request, "from"))
    context = _frame(request, found) | {"thread": shown.messages, "earlier": shown.earlier, "leaf": leaf}
    return render(request, "chat/page.html", context)


@require_safe
@never_cache
@login_required
@own_page
def message(request: HttpRequest, pk: uuid.UUID, message: uuid.UUID) -> HttpResponse:
    """One message as the page shows it."""
    found = _own(request, pk)
    shown = reading.message(found, message)
    if shown is None:
        raise Http404
    reading.mark_read(found)
    return render(request, "chat/_message.html", {"message": shown, "conversation": found})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@own_page
def conversations(request: HttpRequest) -> HttpResponse:
    """GET: the list as the sidebar shows it. POST: a new conversation, with a question if there is a text."""
    if request.method != "POST":
        return render(request, "chat/_conversations.html", _list(request, _uuid(request, "current")))
    made = keeping.begin(request.user, request.POST.get("title", ""))
    address = reverse("conversation", args=[made.pk])
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"id": str(made.pk), "url": address}, status=201)
    if text := request.POST.get("text", ""):
        _ask(request, made.pk, text)
    return redirect(address)


@require_POST
@login_required
def announcements(request: HttpRequest) -> HttpResponse:
    """Keep when a screen reader hears of an answer, from the menu of the chat or the account's page."""
    try:
        preferences.announce(request.user, request.POST.get("announce", ""))
    except ValueError:
        return HttpResponseBadRequest(_("Choose “At the end” or “By sentence”."), content_type="text/plain")
    return redirect("account")


@require_POST
@login_required
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask from a form; the answer is on the page as far as it is written."""
    found = _own(request, pk)
    _ask(request, found.pk, request.POST.get("text", ""))
    return redirect("conversation", found.pk)


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
    response = _done(keeping.delete(request.user, pk), "home")
    response["Location"] += f"?deleted={pk}"
    return response


@require_POST
@login_required
def restore(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _done(keeping.restore(request.user, pk), "conversation", pk)


@require_POST
@login_required
def rate(request: HttpRequest, pk: uuid.UUID, message: uuid.UUID) -> HttpResponse:
    """Keep a thumb and a note: `value` is 1, -1 or 0 for none."""
    value = {"1": feedback.GOOD, "-1": feedback.BAD}.get(request.POST.get("value", ""), feedback.NONE)
    if not feedback.rate(request.user, pk, message, value, request.POST.get("note", "")):
        raise Http404
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return HttpResponse(status=204)
    return redirect(f"{reverse('conversation', args=[pk])}?leaf={message}#m-{message}")


@require_safe
@never_cache
@login_required
def steps(request: HttpRequest, pk: uuid.UUID, message: uuid.UUID) -> HttpResponse:
    """What an agent has done for an answer, as the page shows it."""
    found = _own(request, pk)
    shown = reading.message(found, message)
    if shown is None or shown.run is None:
        raise Http404
    return render(request, "chat/_steps.html", {"message": shown, "conversation": found})


@require_POST
@login_required
def decide(request: HttpRequest, pk: uuid.UUID, message: uuid.UUID, step: int) -> HttpResponse:
    """Let a tool that waits run, or not: `approved` is 1 or 0, `note-<step>` is told to the agent."""
    note = request.POST.get(f"note-{step}", "").replace("\0", "")[:LONGEST_NOTE]
    approved = request.POST.get("approved") == "1"
    is_script = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        agents.decide(request.user, pk, message, step, approved=approved, note=note)
    except NotFound:
        raise Http404 from None
    except Conflict as conflict:
        if is_script:
            return HttpResponse(conflict.sentence, status=409)
        messages.error(request, conflict.sentence)
    if is_script:
        return HttpResponse(status=204)
    return redirect(f"{reverse('conversation', args=[pk])}?leaf={message}#m-{message}")


@require_safe
@never_cache
@login_required
async def export_markdown(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """One branch as a file."""
    found = await _own_async(request, pk)
    thread = await sync_to_async(reading.thread)(found, _uuid(request, "leaf"))
    return _file(found, exporting.as_markdown(found, thread), "md", "text/markdown; charset=utf-8")


@require_safe
@never_cache
@login_required
async def export_json(request: HttpRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """Every branch as a file."""
    found = await _own_async(request, pk)
    return _file(found, exporting.as_json(found), "json", "application/json")


def _file(
    conversation: Conversation, pieces: AsyncIterator[str], ending: str, kind: str
) -> StreamingHttpResponse:
    name = f"{slugify(conversation.title) or 'chat'}.{ending}"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


async def _own_async(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    found = await Conversation.objects.visible_to(await request.auser()).filter(pk=pk).afirst()
    if found is None:
        raise Http404
    return found


def _own(request: HttpRequest, pk: uuid.UUID) -> Conversation:
    return get_object_or_404(Conversation.objects.visible_to(request.user), pk=pk)


def _ask(request: HttpRequest, pk: uuid.UUID, text: str) -> None:
    """Send a question that came by a form; what is wrong with it is told on the next page."""
    asked = Asked(
        text=text,
        client_id=_posted(request, "id"),
        prompt=request.POST.get("prompt", ""),
        model=request.POST.get("model", ""),
        parent=_posted(request, "parent"),
        agent=bool(request.POST.get("agent")),
    )
    try:
        runloop.wait(service.send(request.user, pk, asked))
    except (ChatError, LLMError, PromptError) as error:
        messages.error(request, error.sentence)


def _done(found: bool, then: str, *args: Any) -> HttpResponse:
    if not found:
        raise Http404
    return redirect(then, *args)


def _frame(request: HttpRequest, current: Conversation | None = None) -> dict[str, Any]:
    """What stands around the messages: the list, what can be chosen, what a script fills in."""
    first = settings.PARLEY.model_chain[0]
    return _list(request, current.pk if current else None) | {
        "place": "chat",
        "announce": preferences.announcements(request.user),
        "conversation": current,
        "first_model": first,
        "models": choices.models(),
        "prompts": choices.prompts(),
        "tools": choices.tools(request.user),
        "chat_prompt": service.ASSISTANT,
        "is_demo": first.startswith("local:"),
        "has_model": not first.startswith("local:") or bool(settings.PARLEY.parley_local_url),
        "longest": LONGEST_TEXT,
        "blanks": blanks.BLANKS,
    }


def _list(request: HttpRequest, current: uuid.UUID | None) -> dict[str, Any]:
    search = request.GET.get("q", "").strip()
    rows = reading.listed(request.user, limit=LISTED + 1, before=_uuid(request, "before"), search=search)
    shown = rows[:LISTED]
    return {
        "groups": list(reading.grouped(shown, timezone.now().date())),
        "current": current,
        "older": shown[-1].id if len(rows) > LISTED else None,
        "search": search,
    }


def _uuid(request: HttpRequest, name: str) -> uuid.UUID | None:
    return _parsed(request.GET.get(name, ""))


def _posted(request: HttpRequest, name: str) -> uuid.UUID | None:
    return _parsed(request.POST.get(name, ""))


def _parsed(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
