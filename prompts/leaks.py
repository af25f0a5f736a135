"""Whether a text has what looks like a secret; personal data may stand in a prompt."""

from llm.redaction import redact
from llm.redaction.marks import API_KEY, LOGIN, PRIVATE_KEY, SECRET, TOKEN
from prompts import tags

KINDS = {
    API_KEY: "an API key",
    TOKEN: "an access token",
    PRIVATE_KEY: "a private key",
    LOGIN: "a login in an address",
    SECRET: "a password or another secret",
}
SHOWN = 4  # characters of a secret that say which one is meant


def secret_in(text: str) -> str:
    """Return in words which secret the text has, and in which line it begins; "" for none."""
    text = tags.without(text)  # `password: {{ password }}` has none
    found = [kind for mark, kind in KINDS.items() if redact(text).count(mark) > text.count(mark)]
    if not found:
        return ""
    return f"{found[0]}, {_place(text)}"


def _place(text: str) -> str:
    hidden = redact(text)
    same = next((at for at, (one, other) in enumerate(zip(text, hidden, strict=False)) if one != other), 0)
    line = text.count("\n", 0, same) + 1
    return f"“{text[same : same + SHOWN].strip()}…” in line {line}"
