"""Queries that are asked several times a second: building their SQL costs ten times what they cost."""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet


class Prepared:
    """A query for ids whose values never change; its SQL is built at the first use. For the ORM's threads."""

    def __init__(self, make: Callable[[], QuerySet[Any, tuple[uuid.UUID]]]) -> None:
        self._make = make
        self._sql: tuple[str, tuple[Any, ...]] | None = None

    def ids(self) -> set[uuid.UUID]:
        """Return the ids that the query finds now."""
        if self._sql is None:
            self._sql = self._make().query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(*self._sql)
            found = cursor.fetchall()
        return {pk if isinstance(pk, uuid.UUID) else uuid.UUID(pk) for (pk,) in found}  # SQLite has texts
