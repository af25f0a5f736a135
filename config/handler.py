"""Django's ASGI handler with threads that serve one request after another."""

from typing import Any

import django
from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries

from llm import lending, runloop

KEPT = 16  # threads that wait for the next request, on SQLite each with its connection


class Handler(ASGIHandler):
    """Lends each request a thread of its own for what is synchronous, as Django does.

    Django makes a new thread for each request, waits for its end on the event loop, and opens a database
    connection in it: half the price of a request. Here both are kept, but for connections from a pool: others
    need them while this request waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[ThreadSensitiveContext] = []
        self._is_open = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._open()
        thread = self._idle.pop() if self._idle else _new_thread()
        lent = SyncToAsync.thread_sensitive_context.set(thread)
        try:
            await self.handle(scope, receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(lent)
            await self._give_back(thread)

    def _open(self) -> None:
        if not self._is_open:
            self._is_open = True
            runloop.on_close(self._close)

    async def _give_back(self, thread: ThreadSensitiveContext) -> None:
        if self._is_open and len(self._idle) < KEPT:
            self._idle.append(thread)
        else:
            await runloop.release(thread)

    async def _close(self) -> None:
        self._is_open = False
        while self._idle:
            await runloop.release(self._idle.pop())


def _new_thread() -> ThreadSensitiveContext:
    context = ThreadSensitiveContext()
    SyncToAsync.context_to_thread_executor[context] = lending.thread()
    return context


def application() -> Handler:
    """Set Django up and return its handler."""
    django.setup(set_prefix=False)
    request_started.disconnect(close_old_connections)  # the end of a request does it: a trip less to a thread
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)  # nothing is noted
    return Handler()
