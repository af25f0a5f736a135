"""Everybody at a glance, for staff: who is invited, who is active, who is near a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from config.accounts.invitations import waiting
from llm.dashboard.purses import Purse, purses
from llm.usage import Figures, Viewer, summary

MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line: `state` is invited, active or closed; `purse` the most used of their own budgets."""

    user: User
    state: str
    figures: Figures
    purse: Purse | None


def people(viewer: Viewer, now: datetime) -> list[Person]:
    """Return the people of the site with this month's figures; four statements, however many there are."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used = summary(viewer, since=month, until=now, by=("user",)).folded("user")
    invited = set(waiting().values_list("pk", flat=True))
    fullest = _fullest(purses(viewer, now))
    return [
        Person(
            user=user,
            state="closed" if not user.is_active else "invited" if user.pk in invited else "active",
            figures=used.get((user.get_username(),), Figures()),
            purse=fullest.get(user.pk),
        )
        for user in User.objects.order_by("username")[:MOST]
    ]


def _fullest(found: list[Purse]) -> Mapping[int, Purse]:
    own: dict[int, Purse] = {}
    for purse in found:  # the most used first
        if purse.budget.user_id:
            own.setdefault(purse.budget.user_id, purse)
    return own
