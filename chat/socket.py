"""Who may open a socket: a key in the header decides alone; else the session, from our own pages only.

One function, and no stack of middlewares: each would keep a frame and a copy of the scope for every socket.
"""

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from channels.auth import get_user
from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.urls import path
from django.utils import translation

from chat.consumers import ChatConsumer
from chat.door import Pass
from chat.language import spoken
from llm.keyring import opened_by

NOTHING_HERE = 4404

type Scope = dict[str, Any]

_route = path("ws/chat/<uuid:conversation>/", ChatConsumer.as_asgi())


async def websocket_application(scope: Scope, receive: Any, send: Any) -> None:
    """Answer whoever opens a socket at a conversation, in the language of the cookie or of the browser."""
    opened = await _opened(scope)
    if opened is None:
        await send({"type": "websocket.close", "code": NOTHING_HERE})
        return
    language, consumer = opened
    scope["headers"] = []  # what they said is known, and a socket would keep them for hours
    with translation.override(language):
        await consumer(scope, receive, send)


async def _opened(scope: Scope) -> tuple[str, ChatConsumer] | None:
    """Return the language of a socket and what answers it, None where the path leads nowhere."""
    found = _route.resolve(scope["path"].removeprefix("/"))
    if found is None:
        return None
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    cookies = parse_cookie(headers.get("cookie", ""))
    user, ticket = await _who(headers, cookies, secure=scope.get("scheme") == "wss")
    language = spoken(cookies, headers.get("accept-language", ""))
    return language, ChatConsumer(found.kwargs["conversation"], user, ticket)


async def _who(headers: dict[str, str], cookies: dict[str, str], *, secure: bool) -> tuple[Any, Pass | None]:
    """Return the person and what they came in with, or None for both."""
    if "authorization" in headers:
        scheme, _, key = headers["authorization"].partition(" ")
        opened = await opened_by(key.strip()) if scheme.lower() == "bearer" else None
        return (opened.user, Pass.of(opened.user, opened.pk, None)) if opened else (None, None)
    if not is_own_origin(headers.get("origin", ""), headers.get("host", ""), secure=secure):
        return None, None
    session = import_module(settings.SESSION_ENGINE).SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    user = await get_user({"session": session})
    return (user, Pass.of(user, None, session)) if user.is_authenticated else (None, None)


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
