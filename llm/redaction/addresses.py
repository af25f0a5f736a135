"""E-mail addresses, and the user and password inside a URL."""

import re
from collections.abc import Iterator

from llm.redaction.marks import EMAIL, LOGIN, masked

_LOGIN = re.compile(r"(?<=://)[^\s/\"'<>?#\\]{1,512}@(?=[^\s/@]|$)")
_DOMAIN = re.compile(r"@(?:(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}|(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})")
_FILES = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "css", "js", "mjs", "ts", "json", "html")
)


def hide_logins(text: str) -> str:
    """Take out `user:password` of `scheme://user:password@host`."""
    return _LOGIN.sub(f"{LOGIN}@", text) if "://" in text and "@" in text else text


def hide_emails(text: str) -> str:
    """Take out e-mail addresses."""
    return masked(text, _emails(text), EMAIL) if "@" in text else text


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for match in _DOMAIN.finditer(text):
        start = _local_start(text, match.start())
        if start < match.start() and not _is_other(text, start, match):
            yield start, match.end()


def _local_start(text: str, at: int) -> int:
    """Walk back from the @: a pattern from the left would try each of a million letters."""
    start = at
    while start > 0 and at - start < 64 and (text[start - 1].isalnum() or text[start - 1] in "._%+'-"):
        start -= 1
    while start < at and text[start] in ".'-%+":
        start += 1
    return start


def _is_other(text: str, start: int, match: re.Match[str]) -> bool:
    """A file such as `logo@2x.png`, or the address of a repository."""
    return match[0].rpartition(".")[2].lower() in _FILES or (
        text[start : match.start()] == "git" and text[match.end() : match.end() + 1] in {":", "/"}
    )
