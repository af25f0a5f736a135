"""A person is forgotten: their texts and their account go, the ledger keeps what was spent.

First nobody can act for them any more, so nothing new comes; then kind by kind, some rows a transaction, and
the account last. What broke off in between is finished by doing it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from config.personal.holdings import holdings
from llm.models import ApiKey
from llm.personal import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows of a kind there are, and what becomes of them."""

    name: str
    rows: int
    fate: Fate


def preview(user: User) -> list[Count]:
    """Count what erasing would touch; kinds of which there is nothing are left out."""
    counts = (Count(name=each.name, rows=each.rows.count(), fate=each.fate) for each in holdings(user))
    return [count for count in counts if count.rows]


def erase(user: User) -> list[Count]:
    """Forget a person and return what there was. Sockets that are open close within seconds."""
    _overwrite_what_is_deleted()
    _shut_out(user)
    done = []
    for holding in holdings(user):
        if count := holding.rows.count():
            holding.erase(holding.rows)
            done.append(Count(name=holding.name, rows=count, fate=holding.fate))
    _tidy_up()
    return done


@transaction.atomic
def _shut_out(user: User) -> None:
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    ApiKey.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())


def _overwrite_what_is_deleted() -> None:
    """SQLite would only mark the space as free."""
    if connection.vendor == "sqlite":
        _run("PRAGMA secure_delete = ON")


def _tidy_up() -> None:
    """SQLite's search indexes keep deleted words until they are merged, its log until it is empty."""
    if connection.vendor == "sqlite":
        for table in _search_indexes():
            _run(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608 a name of our own
        _run("PRAGMA wal_checkpoint(TRUNCATE)")
        _run("PRAGMA secure_delete = OFF")


def _search_indexes() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5%'")
        yield from [name for (name,) in cursor.fetchall()]


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
