"""Django's ASGI handler with threads that serve one request after another."""

import asyncio
from contextlib import closing
from typing import Any

import django
from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.conf import settings
from django.core.cache import close_caches
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from llm import runloop
from llm.lending import Thread

KEPT = 16  # threads that wait for the next request, on SQLite each with its connection


class Handler(ASGIHandler):
    """Lends each request a thread of its own for what is synchronous, as Django does.

    Django makes a new thread for each request, waits for its end on the event loop, and opens a database
    connection in it: half the price of a request. Here both are kept, but for connections from a pool: others
    need them while this request waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[tuple[ThreadSensitiveContext, Thread]] = []
        self._is_open = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._open()
        context, thread = self._idle.pop() if self._idle else _fresh()
        lent = SyncToAsync.thread_sensitive_context.set(context)
        try:
            await self._handle(scope, receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(lent)
            await self._give_back(context, thread)

    async def _handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Do what Django's `handle` does, but end without a thread."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with closing(body):
            set_script_prefix(get_script_prefix(scope))
            await request_started.asend(sender=type(self), scope=scope)
            request, response = self.create_request(scope, body)
            if response is not None:
                await self.send_response(response, send)
            elif request is not None:
                response = await self._answer(request, receive, send)
        if response is None:
            request_finished.send(sender=type(self))
        else:
            response.close()

    async def _answer(self, request: HttpRequest, receive: Any, send: Any) -> HttpResponseBase | None:
        """Answer and return what was answered; None if the client left before."""
        response = None
        try:
            async with asyncio.TaskGroup() as group:
                leaving = group.create_task(self.listen_for_disconnect(receive))
                response = await self.run_get_response(request)
                await self.send_response(response, send)
                leaving.cancel()
        except* RequestAborted:
            pass
        return response

    def _open(self) -> None:
        if not self._is_open:
            self._is_open = True
            runloop.on_close(self._close)

    async def _give_back(self, context: ThreadSensitiveContext, thread: Thread) -> None:
        if self._is_open and len(self._idle) < KEPT:
            self._idle.append((context, thread))
        elif thread.has_begun:
            await runloop.release(context)

    async def _close(self) -> None:
        self._is_open = False
        while self._idle:
            context, thread = self._idle.pop()
            if thread.has_begun:
                await runloop.release(context)


def _fresh() -> tuple[ThreadSensitiveContext, Thread]:
    context, thread = ThreadSensitiveContext(), Thread()
    SyncToAsync.context_to_thread_executor[context] = thread
    return context, thread


def application() -> Handler:
    """Set Django up and return its handler."""
    django.setup(set_prefix=False)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # the thread does it, after each work
    request_finished.disconnect(close_caches)  # the one in memory has nothing to close: a look costs 0.1 ms
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)  # nothing is noted
    return Handler()
