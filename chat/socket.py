"""Who may open a socket: a key in the header decides alone; else the session, from our own pages only."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.auth import get_user
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.urls import path, re_path

from chat.consumers import ChatConsumer
from chat.door import Pass
from chat.language import Language
from llm.keyring import opened_by

type Scope = dict[str, Any]
type App = Callable[[Scope, Any, Any], Awaitable[None]]


class Authentication:
    """Put the person into the scope as `user`, or None, and what they came in with as `ticket`."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        user, key = await _who(scope)
        ticket = Pass.of(user, key, scope["session"]) if user else None
        await self.app({**scope, "user": user, "ticket": ticket}, receive, send)


async def _who(scope: Scope) -> tuple[Any, uuid.UUID | None]:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if "authorization" in headers:
        scheme, _, key = headers["authorization"].partition(" ")
        opened = await opened_by(key.strip()) if scheme.lower() == "bearer" else None
        return (opened.user, opened.pk) if opened else (None, None)
    if not is_own_origin(
        headers.get("origin", ""), headers.get("host", ""), secure=scope.get("scheme") == "wss"
    ):
        return None, None
    user = await get_user(scope)
    return (user if user.is_authenticated else None), None


def is_own_origin(origin: str, host: str, *, secure: bool) -> bool:
    """True if a page of this very site opens the socket: scheme, host and port are all ours."""
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS or ["localhost"]):
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == ("https" if secure else "http") and parts.netloc == host and not parts.path


async def _nothing_here(scope: Scope, receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 4404})


_routes = URLRouter(
    [
        path("ws/chat/<uuid:conversation>/", ChatConsumer.as_asgi()),
        re_path("", _nothing_here),  # type: ignore[arg-type]  # Channels routes ASGI applications by Django's paths
    ]
)
websocket_application = CookieMiddleware(SessionMiddleware(Authentication(Language(_routes))))
