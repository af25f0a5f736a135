"""A person's own API keys."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from llm.models import ApiKey, Budget

MOST = 50  # usable keys of one person


class TooManyKeys(Exception):
    """A person has as many usable keys as one may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key with the limit of its month, None without one."""

    row: ApiKey
    limit: Decimal | None


def keys_of(user: User) -> list[OwnKey]:
    """Return a person's keys, the usable ones first, with their limits."""
    rows = list(ApiKey.objects.filter(user=user).order_by("-created_at")[:200])
    budgets = Budget.objects.filter(key__user=user, period=Budget.Period.MONTH, active=True)
    limits = dict(budgets.values_list("key_id", "limit"))
    found = [OwnKey(row=row, limit=limits.get(row.pk)) for row in rows]
    return sorted(found, key=lambda key: key.row.state != "usable")


@transaction.atomic
def make_key(
    user: User, *, name: str, expires_at: datetime | None, limit: Decimal | None
) -> tuple[ApiKey, str]:
    """Make a key with its limit; returns its row and the key itself. Raises TooManyKeys."""
    if ApiKey.objects.usable().filter(user=user).count() >= MOST:
        raise TooManyKeys
    row, key = ApiKey.objects.issue(user=user, name=name)
    if expires_at is not None:
        row.expires_at = expires_at
        row.save(update_fields=["expires_at"])
    if limit is not None:
        Budget.objects.create(scope=Budget.Scope.KEY, key=row, period=Budget.Period.MONTH, limit=limit)
    return row, key


def revoke_key(user: User, pk: uuid.UUID) -> ApiKey | None:
    """Close one of a person's keys for good; None if it is not theirs."""
    row = ApiKey.objects.filter(user=user, pk=pk).first()
    if row is not None:
        row.revoke()
    return row
