"""Every request has an id: the caller's X-Request-ID if it is one, else a new one; every answer says it."""

from collections.abc import Awaitable
from typing import Any

from llm import origin

HEADER = b"x-request-id"


class Correlation:
    """An ASGI application whose work comes from the request that it serves, over HTTP as over a socket."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        named = _received(scope)

        def answer(message: dict[str, Any]) -> Awaitable[None]:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message = {**message, "headers": _with_id(message.get("headers", ()), named.correlation_id)}
            sent: Awaitable[None] = send(message)
            return sent

        with origin.coming_from(named):
            await self.app(scope, receive, answer)


def _received(scope: dict[str, Any]) -> origin.Origin:
    """Return what the headers name; a socket that kept them here would do so for hours."""
    headers = dict(scope.get("headers", ()))
    return origin.received(
        headers.get(HEADER, b"").decode("latin-1"), headers.get(b"traceparent", b"").decode("latin-1")
    )


def _with_id(headers: Any, correlation_id: str) -> list[Any]:
    """Add the id; an answer that is given a second time keeps that of the first."""
    found = list(headers)
    if not any(name.lower() == HEADER for name, _ in found):
        found.append((HEADER, correlation_id.encode()))
    return found
