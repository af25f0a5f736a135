"""A thread holds a database connection of the pool while it works, not while it waits.

Django gives a connection back at the end of a request. A request that waits for a model would keep it for
minutes, and a dozen of them the whole pool.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connections


def give_back() -> None:
    """Return this thread's connections to their pools and drop broken ones, but for those in a transaction.

    SQLite's stay: they have no age.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


class Thread(ThreadPoolExecutor):
    """One thread for what is synchronous in a request; it `has_begun` with its first work."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.has_begun = False

    def submit[T](self, work: Callable[..., T], /, *args: Any, **values: Any) -> Future[T]:
        self.has_begun = True
        return super().submit(_work, work, *args, **values)


def _work[T](work: Callable[..., T], *args: Any, **values: Any) -> T:
    try:
        return work(*args, **values)
    finally:
        give_back()
