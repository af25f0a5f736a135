"""The pages of accounts."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from chat.preferences import announcements
from config.accounts import invitations
from config.accounts.forms import InvitationForm, KeyForm, ProfileForm
from config.accounts.keys import MOST, TooManyKeys, keys_of, make_key, revoke_key
from config.accounts.people import KINDS, Asked, people
from llm.dashboard.purses import own_purses
from llm.usage import Filters, summary

invites = permission_required("auth.add_user", raise_exception=True)


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show a person their own page, and keep their name and address."""
    user = _person(request)
    profile = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and profile.is_valid():
        profile.save()
        messages.success(request, _("Your details are saved."))
        return redirect("account")
    return _account_page(request, profile=profile, key_form=KeyForm())


@login_required
@require_POST
def new_key(request: HttpRequest) -> HttpResponse:
    """Make a key and show it, this once."""
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            row, key = make_key(
                _person(request),
                name=form.cleaned_data["name"],
                expires_at=form.expires_at(),
                limit=form.cleaned_data["limit"],
            )
        except TooManyKeys:
            form.add_error(None, _("You have %(most)s usable keys. Revoke one first.") % {"most": MOST})
        else:
            page = render(request, "accounts/key.html", {"place": "account", "row": row, "key": key})
            page["Cache-Control"] = "no-store"
            return page
    return _account_page(request, profile=ProfileForm(instance=_person(request)), key_form=form, status=422)


@login_required
@require_POST
def close_key(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Revoke a key."""
    row = revoke_key(_person(request), pk)
    if row is None:
        raise Http404
    messages.success(
        request, _("The key %(name)s is revoked. Nothing can use it any more.") % {"name": row.name}
    )
    return redirect("account")


@invites
@require_http_methods(["GET", "POST"])
def everybody(request: HttpRequest) -> HttpResponse:
    """Show who is here, and invite one more."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = invitations.invite(form.cleaned_data["username"], form.cleaned_data["email"])
        return _sent(request, person)
    query = request.GET
    asked = Asked(only=query.get("only", ""), said=query.get("q", ""), page=query.get("page", ""))
    listing = people(_person(request), timezone.now(), asked)
    shown = {"place": "people", "listing": listing, "asked": asked, "kinds": KINDS, "form": form}
    return render(request, "accounts/people.html", shown, status=422 if form.errors else 200)


@invites
@require_POST
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an invited person a new link."""
    return _sent(request, get_object_or_404(invitations.waiting(), pk=pk))


class Invitation(auth.PasswordResetConfirmView):
    """Where an invited person sets a password and is in."""

    token_generator = invitations.tokens
    template_name = "accounts/invitation.html"
    post_reset_login = True
    success_url = reverse_lazy("home")


def _sent(request: HttpRequest, person: User) -> HttpResponse:
    """Show the link too: it can be handed over in another way."""
    shown = {
        "place": "people",
        "person": person,
        "sent": invitations.send(request, person),
        "link": invitations.link(request, person),
    }
    page = render(request, "accounts/invited.html", shown)
    page["Cache-Control"] = "no-store"
    return page


def _account_page(
    request: HttpRequest, *, profile: ProfileForm, key_form: KeyForm, status: int = 200
) -> HttpResponse:
    user, now = _person(request), timezone.now()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    mine = Filters(user=user.get_username())
    shown = {
        "place": "account",
        "profile": profile,
        "key_form": key_form,
        "keys": keys_of(user),
        "purses": own_purses(user, now),
        "announce": announcements(user),
        "month": summary(user, since=month, until=now, filters=mine).total,
    }
    return render(request, "accounts/account.html", shown, status=422 if profile.errors else status)


def _person(request: HttpRequest) -> User:
    """The decorators have let nobody else in."""
    return cast("User", request.user)
