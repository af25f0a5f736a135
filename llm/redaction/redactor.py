"""All rules in their order, over a text or over every text of a JSON value."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from llm.redaction.addresses import hide_emails, hide_logins
from llm.redaction.assignments import hide_assignments
from llm.redaction.cards import hide_cards, is_card
from llm.redaction.fields import holds_phone, holds_secret
from llm.redaction.ibans import hide_ibans
from llm.redaction.keys import hide_keys
from llm.redaction.known import Known
from llm.redaction.marks import ANY_MARK, CARD, PHONE, REDACTED, SECRET
from llm.redaction.phones import hide_phones, is_phone

type Rule = Callable[[str], str]

ROUNDS = 4  # a mark may give its neighbours another look; one more round settles all that was ever seen
_MARK = re.compile(f"({ANY_MARK})")


class Redactor:
    """Hides secrets that it is told, secrets of known shapes, and what a site's own patterns match."""

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[re.Pattern[str]] = ()) -> None:
        self.own = Known(secrets)
        self._rules: tuple[Rule, ...] = (
            self.own,
            hide_logins,
            hide_keys,
            hide_assignments,
            hide_emails,
            hide_ibans,
            hide_cards,
            hide_phones,
            *(_site_rule(pattern) for pattern in patterns),
        )

    def text(self, text: str) -> str:
        """Return the text with a mark for each secret."""
        for _ in range(ROUNDS):
            before = text
            for rule in self._rules:
                text = rule(text)
            if text == before:
                break
        return text

    def json(self, value: Any) -> Any:
        """Return the same structure with its texts redacted and the fields of secret names blanked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._object(value)
        if isinstance(value, list | tuple):
            return [self.json(inner) for inner in value]
        if isinstance(value, int) and is_card(value):
            return CARD
        return value

    def _object(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, inner in value.items():
            shown[self._name(str(name), shown)] = self._field(str(name), inner)
        return shown

    def _name(self, name: str, taken: Mapping[str, Any]) -> str:
        """A name may be a secret too; two that look alike afterwards are counted."""
        shown, count = self.text(name), 2
        base = shown
        while shown in taken:
            shown, count = f"{base} {count}", count + 1
        return shown

    def _field(self, name: str, value: Any) -> Any:
        if value is not None and holds_secret(name):
            return SECRET
        if isinstance(value, str | int) and holds_phone(name) and is_phone(str(value)):
            return PHONE
        return self.json(value)


def _site_rule(pattern: re.Pattern[str]) -> Rule:
    """Marks are not searched: a pattern that matches words would hide them again and again."""

    def hide(text: str) -> str:
        parts = _MARK.split(text)
        parts[::2] = [pattern.sub(lambda match: REDACTED if match[0] else "", part) for part in parts[::2]]
        return "".join(parts)

    return hide
