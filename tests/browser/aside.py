"""Playwright in a thread of its own, and stand-ins for its objects.

Its driver keeps an event loop in the thread that uses it, and beside a loop Django's ORM does not work.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import playwright.sync_api
from playwright.sync_api import Playwright, sync_playwright

_thread = ThreadPoolExecutor(1, thread_name_prefix="browser")
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

playwright.sync_api.expect.set_options(timeout=15_000)  # a bound for a busy machine
PLAIN = (str, int, float, bool, bytes, type(None))


class StandIn:
    """Does everything in the browser's thread; what comes of it is plain, or a stand-in again."""

    def __init__(self, there: Any) -> None:
        self._there = there

    def __getattr__(self, name: str) -> Any:
        return aside(lambda: getattr(self._there, name))

    def __call__(self, *args: Any, **options: Any) -> Any:
        given = [_theirs(value) for value in args]
        return aside(lambda: self._there(*given, **{name: _theirs(value) for name, value in options.items()}))

    def __enter__(self) -> Any:
        return aside(self._there.__enter__)

    def __exit__(self, *fault: object) -> None:
        aside(lambda: self._there.__exit__(*fault))


def aside(work: Callable[[], Any]) -> Any:
    """Do something in the browser's thread."""
    return _ours(_thread.submit(work).result())


def start() -> tuple[Any, Callable[[], None]]:
    """Start Playwright; returns it, and what ends it."""
    context = sync_playwright()
    driver: Playwright = aside(context.__enter__)
    return driver, lambda: aside(lambda: context.__exit__(None, None, None))


def expect(shown: Any, message: str | None = None) -> Any:
    """Playwright's own `expect`, for a stand-in."""
    return StandIn(playwright.sync_api.expect)(shown, message)


def _ours(value: Any) -> Any:
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, list | tuple):
        return [_ours(item) for item in value]
    return value if isinstance(value, dict) else StandIn(value)


def _theirs(value: Any) -> Any:
    return value._there if isinstance(value, StandIn) else value
