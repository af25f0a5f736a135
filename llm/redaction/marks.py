"""What stands in the place of what was taken out, and where a secret may begin."""

import re
from collections.abc import Iterable

SECRET = "[secret]"  # noqa: S105 a mark
API_KEY = "[api key]"
TOKEN = "[token]"  # noqa: S105 a mark
PRIVATE_KEY = "[private key]"
LOGIN = "[login]"
EMAIL = "[email]"
PHONE = "[phone]"
CARD = "[card]"
IBAN = "[iban]"
REDACTED = "[redacted]"
MARKS = (SECRET, API_KEY, TOKEN, PRIVATE_KEY, LOGIN, EMAIL, PHONE, CARD, IBAN, REDACTED)
ANY_MARK = "|".join(map(re.escape, MARKS))

# No ASCII letter or digit before, unless it ends an escape: JSON inside a string has `\nsk-...`, a URL
# `%20sk-...`. Letters of other scripts do not count: they follow a key without a space in many languages.
EDGE = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"


def masked(text: str, spans: Iterable[tuple[int, int]], mark: str) -> str:
    """Put `mark` in the place of each span; they come in order, one inside an earlier is passed over."""
    parts, done = [], 0
    for start, end in spans:
        if start >= done:
            parts += [text[done:start], mark]
            done = end
    return "".join([*parts, text[done:]]) if parts else text
