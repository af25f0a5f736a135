"""The staff page Providers: what is set up, what to add, and a test that says what came back."""

from dataclasses import asdict
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from llm import provider_status
from llm.provider_guides import GUIDES, Guide
from llm.types import Owner

RESULT = "provider_test"

# The dot's colour and the words of each state.
WORDS = {
    "ok": ("ok", "Ready"),
    "no_key": ("", "No key"),
    "off": ("", "Off"),
    "down": ("bad", "Not running"),
    "open": ("warn", "Resting after errors"),
}


@login_required
@require_safe
async def providers(request: HttpRequest) -> HttpResponse:
    """Show each provider's state; staff only."""
    await _staff(request)
    states = await provider_status.states()
    result = await request.session.apop(RESULT, None)
    return await sync_to_async(_page)(request, states, result)


@login_required
@require_POST
async def test_provider(request: HttpRequest, name: str) -> HttpResponse:
    """Make one tiny call and show the page with what came of it; staff only."""
    user = await _staff(request)
    if name not in GUIDES:
        raise Http404
    result = await provider_status.test(name, owner=Owner(user_id=user.pk))
    await request.session.aset(RESULT, {"name": name, **asdict(result)})
    return HttpResponseRedirect(f"{reverse('providers')}#{name}")


async def _staff(request: HttpRequest) -> User:
    user = cast("User", await request.auser())
    if not user.is_staff:
        raise PermissionDenied
    return user


def _page(
    request: HttpRequest, states: dict[str, dict[str, Any]], result: dict[str, Any] | None
) -> HttpResponse:
    shown = result or {"name": ""}
    cards = [
        {
            **_card(name, guide),
            "state": states[name],
            "looks": dict(zip(("dot", "word"), WORDS[states[name]["state"]], strict=True)),
            "result": shown if shown["name"] == name else None,
        }
        for name, guide in GUIDES.items()
    ]
    context = {"place": "providers", "cards": cards, "chain": settings.PARLEY.model_chain}
    return render(request, "llm/providers.html", context)


def _card(name: str, guide: Guide) -> dict[str, Any]:
    """A key is set or it is not; nothing of it is shown."""
    site = settings.PARLEY
    addresses = {
        "openai": site.openai_base_url,
        "anthropic": site.anthropic_base_url,
        "local": site.parley_local_url,
    }
    return {
        "name": name,
        "guide": guide,
        "models": provider_status.models(name),
        "has_key": bool(guide.key and getattr(site, guide.key.lower()).get_secret_value()),
        "address": addresses[name],
    }
