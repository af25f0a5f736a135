"""What is asked of the ledger: of whom, which calls, of which time. Times are UTC."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

type Viewer = AbstractBaseUser | AnonymousUser


class WrongQuery(ValueError):
    """A question that the ledger cannot answer; `errors` point at the parameter."""

    status = 422
    code = "invalid"

    def __init__(self, pointer: str, message: str) -> None:
        self.sentence = message
        self.errors = [{"pointer": pointer, "message": message}]
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which calls count; "" is any. `model` is `provider:model`, `user` a name, `key` an id."""

    feature: str = ""
    model: str = ""
    user: str = ""
    key: str = ""
    prompt: str = ""
    prompt_version: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """Read them from an address; what has no possible match filters everything out."""
        words = {field.name: query.get(field.name, "").replace("\0", "") for field in fields(cls)}
        return cls(**words)  # PostgreSQL refuses to look for a NUL

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    @property
    def given(self) -> dict[str, str]:
        """Those that leave something out, by name."""
        words = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: word for name, word in words.items() if word}

    @property
    def of_people(self) -> bool:
        """True where only some people's or keys' calls count."""
        return bool(self.user or self.key)

    def of_key(self) -> Q:
        """Return the condition on ApiKey."""
        return Q(pk=_uuid(self.key))

    def as_q(self) -> Q:
        """Return the condition on Call or CallDay."""
        provider, _, name = self.model.partition(":")
        wanted: dict[str, object] = {
            "feature": self.feature,
            "provider": provider,
            "model": name,
            "user__username": self.user,
            "key": _uuid(self.key),
            "prompt": self.prompt,
            "prompt_version": _number(self.prompt_version),
        }
        return Q(**{field: value for field, value in wanted.items() if value != ""})


def _uuid(text: str) -> uuid.UUID | str:
    try:
        return uuid.UUID(text) if text else ""
    except ValueError:
        return uuid.UUID(int=0)


def _number(text: str) -> int | str:
    if not text:
        return ""
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def sees_all(viewer: Viewer) -> bool:
    """Staff see everybody's calls, others their own."""
    return viewer.is_authenticated and bool(getattr(viewer, "is_staff", False))


def seen_by(viewer: Viewer) -> Q:
    """Return the condition on Call or CallDay for what a person may see."""
    if not viewer.is_authenticated:
        return Q(pk__in=())
    return Q() if sees_all(viewer) else Q(user=viewer.pk)


def moment(text: str, *, now: datetime, pointer: str) -> datetime:
    """Return the moment that `24h`, `7d`, a date or an ISO 8601 time names; raises WrongQuery."""
    if span := re.fullmatch(r"(\d{1,5})([hd])", text):
        return now - timedelta(**{{"h": "hours", "d": "days"}[span[2]]: int(span[1])})
    try:
        if len(text) <= len("2026-11-01"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        text = re.sub(r"(T.*) (\d\d:\d\d)$", r"\1+\2", text)  # a + that was not escaped in an address
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongQuery(pointer, f"“{text[:40]}” is not a time. Write 2026-11-01, 7d or 24h.") from None


def span(since: str, until: str, *, now: datetime) -> tuple[datetime, datetime]:
    """Return both ends of a time; by default the 30 days until now; raises WrongQuery."""
    end = moment(until, now=now, pointer="/until") if until else now
    start = moment(since, now=now, pointer="/since") if since else now - timedelta(days=30)
    if start >= end:
        raise WrongQuery("/since", "This must be before the end of the time.")
    return start, end
