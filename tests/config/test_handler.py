"""Requests without detours: threads are kept, and hooks that wait for nothing run on the loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.deprecation import MiddlewareMixin
from pytest_django import Settings

from config.handler import Handler
from config.middleware import OnTheLoop
from llm import runloop

urlpatterns: list[URLPattern] = []  # of the tests that bring a view


async def asked(handler: Handler, address: str, gone: asyncio.Event | None = None) -> int | None:
    """Return the status of a GET, None if the client left before it: when `gone` is set."""
    sent: list[dict[str, Any]] = []
    body = [{"type": "http.request", "body": b""}]
    left = gone or asyncio.Event()

    async def receive() -> dict[str, Any]:
        if body:
            return body.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": address, "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await handler(scope, receive, send)
    return sent[0]["status"] if sent else None


@pytest.fixture
async def handler() -> AsyncIterator[Handler]:
    runloop.adopt()
    made = Handler()
    yield made
    await runloop.close()
    assert not made._idle


@pytest.mark.django_db
async def test_one_thread_serves_one_request_after_another(handler: Handler) -> None:
    for _ in range(3):
        assert await asked(handler, "/login/") == 200
    [(_, thread)] = handler._idle
    assert thread.has_begun


@pytest.fixture
def as_served() -> Iterator[None]:
    """Let nobody hear of a request's start, as `application()` does."""
    heard = (close_old_connections, reset_queries)
    for receiver in heard:
        request_started.disconnect(receiver)
    yield
    for receiver in heard:
        request_started.connect(receiver)


@pytest.mark.usefixtures("as_served")
async def test_a_request_that_waits_for_nothing_has_no_thread(handler: Handler) -> None:
    assert await asked(handler, "/api/v1/health") == 200
    [(_, thread)] = handler._idle
    assert not thread.has_begun


async def test_who_leaves_stops_the_view(handler: Handler, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    gone, stopped = asyncio.Event(), asyncio.Event()

    async def view(request: HttpRequest) -> HttpResponse:
        gone.set()
        try:
            return await asyncio.Future()
        finally:
            stopped.set()

    urlpatterns[:] = [path("", view)]
    assert await asked(handler, "/", gone) is None
    assert stopped.is_set()


class Hooks(OnTheLoop, MiddlewareMixin):
    def __init__(self, get_response: Any, *, waits: bool) -> None:
        super().__init__(get_response)
        self.threads: list[threading.Thread] = []
        self._waits = waits

    def waits(self, request: HttpRequest) -> bool:
        return self._waits

    def process_request(self, request: HttpRequest) -> None:
        self.threads.append(threading.current_thread())

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        self.threads.append(threading.current_thread())
        return response


@pytest.mark.parametrize("waits", [False, True])
async def test_a_hook_gets_a_thread_only_where_it_waits(waits: bool) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("here")

    hooks = Hooks(view, waits=waits)
    request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": []}, BytesIO())
    response = await hooks.__acall__(request)
    assert response.content == b"here"
    entered, left = hooks.threads
    assert entered is threading.current_thread()
    assert (left is threading.current_thread()) is not waits
