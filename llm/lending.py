"""A thread holds a database connection of the pool while it works, not while it waits.

Django gives a connection back at the end of a request. A request that waits for a model would keep it for
minutes, and a dozen of them the whole pool.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import connections


def give_back() -> None:
    """Return this thread's connections to their pools, but for those in a transaction."""
    for connection in connections.all(initialized_only=True):
        if is_pooled(connection.settings_dict) and not connection.in_atomic_block:
            connection.close()


def is_pooled(database: dict[str, Any]) -> bool:
    """Whether the connections of this entry of DATABASES come from a pool."""
    return bool(database.get("OPTIONS", {}).get("pool"))


class Thread(ThreadPoolExecutor):
    """One thread for what is synchronous in a request, begun by its first work; `works` counts them."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.works = 0
        self._lends = any(map(is_pooled, settings.DATABASES.values()))

    def submit[T](self, work: Callable[..., T], /, *args: Any, **values: Any) -> Future[T]:
        self.works += 1
        if self._lends:
            return super().submit(_work, work, *args, **values)
        return super().submit(work, *args, **values)


def _work[T](work: Callable[..., T], *args: Any, **values: Any) -> T:
    try:
        return work(*args, **values)
    finally:
        give_back()
