"""Requests without detours: threads are kept, and hooks that wait for nothing run on the loop."""

import asyncio
import threading
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from config.handler import Handler
from config.middleware import OnTheLoop
from llm import runloop


async def asked(handler: Handler, path: str) -> int:
    """Return the status of a GET."""
    sent: list[dict[str, Any]] = []
    body = [{"type": "http.request", "body": b""}]
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if body:
            return body.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await handler(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.django_db
async def test_one_thread_serves_one_request_after_another() -> None:
    runloop.adopt()
    handler = Handler()
    try:
        for _ in range(3):
            assert await asked(handler, "/login/") == 200
        assert len(handler._idle) == 1
    finally:
        await runloop.close()
    assert not handler._idle


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
