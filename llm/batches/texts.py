"""What a batch is made of: texts with whatever stood beside them, within limits that are told by place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from llm.api.extract import MAX_TEXT

MOST_ITEMS = 10_000


class Unusable(Exception):
    """The texts cannot be taken; the sentence says which one, `pointer` where it stands in a request."""

    code, status = "invalid", 422

    def __init__(self, sentence: str, *, pointer: str = "") -> None:
        self.sentence = sentence
        self.errors = ({"pointer": pointer, "message": sentence},)
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text; `fields` are what stood beside it, in their order, and come back with the data.

    `place` says to people where it stands (a line, an item), `pointer` to programs.
    """

    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    pointer: str = ""


def checked(texts: Iterable[Text]) -> Iterator[Text]:
    """Yield the texts; raises Unusable for one that cannot be taken, and where there is none or too many."""
    count = 0
    for text in texts:
        count += 1
        if count > MOST_ITEMS:
            raise Unusable(
                _("A batch has at most %(most)s texts. Send them in parts.") % {"most": f"{MOST_ITEMS:,}"}
            )
        if fault := _fault(text.text):
            raise Unusable(f"{text.place}: {fault}", pointer=text.pointer)
        yield text
    if not count:
        raise Unusable(_("There is no text in it."))


def _fault(text: str) -> str:
    if not text.strip():
        return _("The text is empty.")
    if len(text) > MAX_TEXT:
        return _("The text has %(length)s characters; at most %(most)s fit.") % {
            "length": f"{len(text):,}",
            "most": f"{MAX_TEXT:,}",
        }
    if "\0" in text:
        return _("The text holds a NUL character, which no database takes.")
    return ""
