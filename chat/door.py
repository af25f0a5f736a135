"""Who may stay: readers whose key was revoked, or whose session has ended, are shown out."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

from llm.models import ApiKey
from llm.telemetry.meters import Gauge

AT_ONCE = 1000  # passes in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What somebody came in with: a key, or a session. `seal` changes with the person's password."""

    user: int
    key: uuid.UUID | None = None
    session: str = ""
    seal: str = ""

    @classmethod
    def of(cls, user: Any, key: uuid.UUID | None, session: Any) -> "Pass":
        """Return the pass of a person who was let in; without a key by the session."""
        if key is not None:
            return cls(user=user.pk, key=key)
        return cls(user=user.pk, session=session.session_key or "", seal=user.get_session_auth_hash())


class Guest(Protocol):
    """Somebody inside."""

    @property
    def ticket(self) -> Pass: ...

    def leave(self) -> None:
        """Go; must not wait."""


_inside: set[Guest] = set()
OPEN = Gauge("parley_sockets_open", "Sockets of chats, and programs that follow one.", lambda: len(_inside))


def enter(guest: Guest) -> None:
    """Look after a guest from now on; call it on the process's loop."""
    _inside.add(guest)


def left(guest: Guest) -> None:
    """Look after it no more."""
    _inside.discard(guest)


async def check() -> None:
    """Show out those whose pass is not good any more; three queries for all, none for nobody."""
    guests = list(_inside)
    if not guests:
        return
    good = await sync_to_async(_good)({guest.ticket for guest in guests})
    for guest in guests:
        if guest.ticket not in good:
            guest.leave()


def _good(passes: Iterable[Pass]) -> set[Pass]:
    return {one for some in batched(passes, AT_ONCE) for one in _good_of(some)}


def _good_of(passes: tuple[Pass, ...]) -> Iterable[Pass]:
    keys = ApiKey.objects.usable().filter(pk__in={one.key for one in passes if one.key})
    good_keys = set(keys.values_list("pk", flat=True))
    by_session = [one for one in passes if one.key is None]
    sessions = Session.objects.filter(pk__in={one.session for one in by_session})
    live = set(sessions.filter(expire_date__gt=timezone.now()).values_list("pk", flat=True))
    people = get_user_model().objects.filter(pk__in={one.user for one in by_session}, is_active=True)
    seals = {person.pk: person.get_session_auth_hash() for person in people}
    for one in passes:
        if one.key in good_keys or (one.session in live and seals.get(one.user) == one.seal):
            yield one
