"""EMAIL_URL as Django's MAILERS."""

from typing import Any
from urllib.parse import unquote, urlsplit


def mailers(url: str) -> dict[str, dict[str, Any]]:
    """Return the mailers for smtp://user:password@host:port, smtps://..., or console: (the default)."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"}:
        return {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
    secure = parts.scheme == "smtps"
    options = {
        "host": parts.hostname or "localhost",
        "port": parts.port or (465 if secure else 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": secure,
        "timeout": 10,
    }
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
