"""Counts what is asked of the database, in whichever thread."""

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.db.backends.signals import connection_created


class Queries:
    """Statements by their first words."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        with self._lock:
            self.seen[" ".join(sql.split()[:3])] += 1
        return execute(sql, *rest)

    @property
    def total(self) -> int:
        return self.seen.total()


@asynccontextmanager
async def counted() -> AsyncIterator[Queries]:
    """Count on the connection of async code, and on all that are opened meanwhile."""
    queries = Queries()

    def count_on(connection: Any, **_: Any) -> None:
        if queries not in connection.execute_wrappers:  # it may be the same one, opened again
            connection.execute_wrappers.append(queries)

    connection_created.connect(count_on)
    await sync_to_async(count_on)(connection)
    yield queries
    connection_created.disconnect(count_on)
    await sync_to_async(lambda: connection.execute_wrappers.remove(queries))()
