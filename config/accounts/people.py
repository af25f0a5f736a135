"""Everybody at a glance, for staff: who is invited, who is active, who is near a limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.accounts.invitations import waiting
from llm.dashboard.purses import Purse, purses
from llm.usage import Figures, Viewer, summary

PAGE = 50
SEARCHED = ("username", "first_name", "last_name", "email")
KINDS = {"": _("All"), "invited": _("Invited"), "near": _("Near a limit"), "closed": _("Closed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks for: one of KINDS, a part of a name or an address, and the number of a page."""

    only: str = ""
    said: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line: `state` is invited, active or closed; `purse` the most used of their own budgets."""

    user: User
    state: str
    figures: Figures
    purse: Purse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of people; `page` knows the pages beside it."""

    people: list[Person]
    page: Page[User]


def people(viewer: Viewer, now: datetime, asked: Asked | None = None) -> Listing:
    """Return a page of the people of the site with this month's figures; seven statements, however many."""
    asked = asked or Asked()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used = summary(viewer, since=month, until=now, by=("user",)).folded("user")
    fullest = _fullest(purses(viewer, now))
    near = [pk for pk, purse in fullest.items() if purse.tone in ("near", "over")]
    page = Paginator(_matching(asked, near), PAGE).get_page(asked.page)
    invited = set(waiting().filter(pk__in=[user.pk for user in page]).values_list("pk", flat=True))
    shown = [
        Person(
            user=user,
            state="closed" if not user.is_active else "invited" if user.pk in invited else "active",
            figures=used.get((user.get_username(),), Figures()),
            purse=fullest.get(user.pk),
        )
        for user in page
    ]
    return Listing(people=shown, page=page)


def _matching(asked: Asked, near: Iterable[int]) -> QuerySet[User]:
    """Those of a kind in whose names or address a text stands; a strange kind is all."""
    kinds = {
        "invited": Q(pk__in=waiting().values("pk")),
        "near": Q(pk__in=near),
        "closed": Q(is_active=False),
    }
    found = User.objects.filter(kinds.get(asked.only, Q())).order_by("username")
    said = asked.said.replace("\0", "").strip()
    somewhere = Q.create([(f"{place}__icontains", said) for place in SEARCHED], Q.OR)
    return found.filter(somewhere) if said else found


def _fullest(found: list[Purse]) -> Mapping[int, Purse]:
    own: dict[int, Purse] = {}
    for purse in found:  # the most used first
        if purse.budget.user_id:
            own.setdefault(purse.budget.user_id, purse)
    return own
