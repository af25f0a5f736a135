"""The redactor of this site: it knows the secrets of the process and the site's own pattern."""

import re
from functools import cache
from typing import Any

from django.conf import settings

from llm.redaction.known import passwords_of, secrets_of
from llm.redaction.redactor import Redactor


def redact(text: str) -> str:
    """Return the text with a readable mark in the place of each secret and of personal data."""
    return _redactor().text(text)


def redact_own(text: str) -> str:
    """Return the text without the secrets of this process, and otherwise as it is."""
    return _redactor().own(text)


def redact_json(value: Any) -> Any:
    """Redact every text of a JSON value and blank named fields; its structure stays."""
    return _redactor().json(value)


@cache
def _redactor() -> Redactor:
    own = getattr(settings.PARLEY, "parley_redact", "")
    return Redactor(
        secrets=[
            settings.SECRET_KEY,
            *map(str, settings.SECRET_KEY_FALLBACKS),
            *passwords_of(settings.DATABASES),
            *secrets_of(settings.PARLEY),
        ],
        patterns=[re.compile(own)] if own else [],
    )
