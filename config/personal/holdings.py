"""All that the site knows of a person, of all apps."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

import chat.personal
import llm.personal
import prompts.personal
from llm.personal import Holding


def holdings(user: User) -> Iterator[Holding]:
    """Yield everything in the order in which it is to go, the account last."""
    yield from chat.personal.holdings(user)
    yield from prompts.personal.holdings(user)
    yield Holding(name="entries of the admin's log", rows=LogEntry.objects.filter(_named(user)))
    yield from llm.personal.holdings(user)
    sessions = Session.objects.filter(pk__in=list(_sessions(user)))
    yield Holding(name="sign-ins", rows=sessions, secret=("session_key", "session_data"))
    yield Holding(name="account", rows=User.objects.filter(pk=user.pk), secret=("password",))


def _named(user: User) -> Q:
    """What they did in the admin, and what was done there to what is theirs: an entry quotes its name."""
    found = Q(user=user) | Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    for holding in (*llm.personal.of_account(user), *llm.personal.of_work(user)):
        if admin.site.is_registered(holding.rows.model):
            found |= _about(holding.rows)
    return found


def _about(rows: QuerySet[Any]) -> Q:
    kind = ContentType.objects.get_for_model(rows.model)
    changed = list(LogEntry.objects.filter(content_type=kind).values_list("object_id", flat=True).distinct())
    theirs = rows.filter(pk__in=changed).values_list("pk", flat=True)
    return Q(content_type=kind, object_id__in=[str(pk) for pk in theirs])


def _sessions(user: User) -> Iterator[str]:
    """A session says whose it is only inside, so each is opened."""
    for session in Session.objects.iterator(chunk_size=1000):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            yield session.pk
