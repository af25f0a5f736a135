"""The value in JSON that is still being written: what of it is certain already."""

import re
import string
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

BEGINNING = re.compile(r"\s*(?:```\w*\s*)?(?=[{\[])")
NOT_YET = re.compile(r"\s*(?:`{0,3}|```\w*\s*)\Z")
STOPS = re.compile(r'["{}\[\]]')
IN_STRING = re.compile(r'["\\]')
UNFINISHED = "-+." + string.ascii_letters + string.digits
FIRST_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")


@dataclass(frozen=True, slots=True)
class Open:
    """A value that still grows: its last member, in `depth` levels, is not whole yet."""

    value: Any
    depth: int


class Prefix:
    """Takes text as it comes; each character is looked at once."""

    def __init__(self) -> None:
        self.text = ""
        self.start: int | None = None
        self._at = 0
        self._depth = 0
        self._in_string = False
        self.ended = False

    def feed(self, text: str) -> None:
        """Take more of the text."""
        self.text += text
        if self.start is None and (found := BEGINNING.match(self.text)):
            self.start = self._at = found.end()
        while self.start is not None and not self.ended and self._step():
            pass

    def _step(self) -> bool:
        if self._in_string:
            return self._string()
        found = STOPS.search(self.text, self._at)
        if found is None:
            self._at = len(self.text)
            return False
        self._at = found.end()
        match found.group():
            case '"':
                self._in_string = True
            case "{" | "[":
                self._depth += 1
            case _:
                self._depth -= 1
                self.ended = self._depth <= 0
        return True

    def _string(self) -> bool:
        found = IN_STRING.search(self.text, self._at)
        if found is None:
            self._at = len(self.text)
            return False
        if found.group() == '"':
            self._in_string, self._at = False, found.end()
            return True
        width = 6 if self.text.startswith("\\u", found.start()) else 2
        if found.start() + width > len(self.text):
            self._at = found.start()
            return False
        self._at = found.start() + width
        return True

    def value(self) -> Open | None:
        """Return what is certain, or None: a number is not before it has ended, nor a word like `true`."""
        if self.start is None:
            return None
        whole = self.text[self.start : self._at]
        certain = FIRST_HALF.sub("", whole) if self._in_string else whole.rstrip(UNFINISHED)
        try:
            value = from_json(certain, allow_partial="trailing-strings", allow_inf_nan=False)
        except ValueError:
            return None
        return Open(value, self._depth + self._in_string)


def grows(old: Any, new: Any) -> bool:
    """Say whether `new` is `old` with more at its end, and nothing of it gone or changed."""
    if type(old) is not type(new):
        return False
    if isinstance(old, dict):
        return all(name in new and grows(value, new[name]) for name, value in old.items())
    if isinstance(old, list):
        return len(new) >= len(old) and all(map(grows, old, new))
    if isinstance(old, str):
        return bool(new.startswith(old))
    return bool(old == new)
