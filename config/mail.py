"""EMAIL_URL as Django's mail settings."""

from urllib.parse import unquote, urlsplit


def mail_settings(url: str) -> tuple[str, str, int, str, str, bool]:
    """Return backend, host, port, user, password, and whether TLS is implicit; without a URL mail is printed."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"}:
        return "django.core.mail.backends.console.EmailBackend", "", 25, "", "", False
    secure = parts.scheme == "smtps"
    return (
        "django.core.mail.backends.smtp.EmailBackend",
        parts.hostname or "localhost",
        parts.port or (465 if secure else 25),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        secure,
    )
