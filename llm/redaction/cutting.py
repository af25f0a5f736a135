"""Long texts: redacted first, then cut, at a cost that does not grow with what is thrown away."""

from collections.abc import Callable

from llm.redaction.once import Once
from llm.redaction.site import redact, redact_own

MARGIN = 20_480  # the longest secret: one that is cut in two is no longer recognised

_redact_once = Once(redact)


def redacted_head(text: str, most: int) -> str:
    """Return the beginning of a text, redacted and fit for any database; a mark says how long it was."""
    return _head(text, most, redact)


def kept_head(text: str, most: int, mode: str) -> str:
    """Return the same; with the mode `full` only the secrets of this process are taken out."""
    return _head(text, most, redact_own if mode == "full" else _redact_once)


def _head(text: str, most: int, hide: Callable[[str], str]) -> str:
    if not text:
        return ""
    head = hide(_storable(text[: most + MARGIN]))
    if len(text) > most + MARGIN:
        head = head[:-MARGIN]  # its end may hold the half of a secret
    if len(text) <= most + MARGIN and len(head) <= most:
        return head
    return f"{head[:most]} [cut, {len(text):,} characters in all]"


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL, and no database takes half a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
