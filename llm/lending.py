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


def thread() -> ThreadPoolExecutor:
    """Return one thread for what is synchronous in a request."""
    pooled = any(map(is_pooled, settings.DATABASES.values()))
    return _Lending(max_workers=1) if pooled else ThreadPoolExecutor(max_workers=1)


class _Lending(ThreadPoolExecutor):
    def submit[T](self, work: Callable[..., T], /, *args: Any, **values: Any) -> Future[T]:
        return super().submit(_work, work, *args, **values)


def _work[T](work: Callable[..., T], *args: Any, **values: Any) -> T:
    try:
        return work(*args, **values)
    finally:
        give_back()
