"""What braces mean in a prompt: `{{ name }}` is a variable's text, and around a part of the text
`{{# name }}` and `{{/ name }}` let it appear where the variable is given, `{{^ name }}` where it is not.

These four are all there is: everything else in braces is plain text. A tag of a section that has a line to
itself takes the line with it. What fills a tag is never looked at again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
VALUE, GIVEN, ABSENT, END = "", "#", "^", "/"
_BLANK = r"[ \t]*+"  # possessive: two runs beside each other must not take turns
_ALONE = (
    rf"^{_BLANK}\{{\{{{_BLANK}(?P<alone>[#^/]){_BLANK}(?P<of>{NAME.pattern}){_BLANK}\}}\}}{_BLANK}(?:\n|\Z)"
)
_WITHIN = rf"\{{\{{{_BLANK}(?P<kind>[#^/]?){_BLANK}(?P<name>{NAME.pattern}){_BLANK}\}}\}}"
TAG = re.compile(f"{_ALONE}|{_WITHIN}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tag:
    """What a tag does, and the variable that it is about."""

    kind: str
    name: str


@lru_cache(maxsize=128)  # every call of a prompt reads its messages, more than once
def read(text: str) -> tuple[str | Tag, ...]:
    """Return the pieces of a text, in order."""
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[str | Tag]:
    at = 0
    for match in TAG.finditer(text):
        yield text[at : match.start()]
        yield Tag(match["alone"] or match["kind"] or VALUE, match["of"] or match["name"])
        at = match.end()
    yield text[at:]


def is_plain(text: str) -> bool:
    """True for a text without a tag: it is its author's alone, whatever the variables hold."""
    return len(read(text)) == 1


def names(text: str) -> tuple[str, ...]:
    """Return the variables that a text is about, each once, in order."""
    return tuple(dict.fromkeys(piece.name for piece in read(text) if isinstance(piece, Tag)))


def without(text: str) -> str:
    """Return the text with a blank for each tag, and as many lines."""
    return TAG.sub(lambda match: " " + "\n" * match[0].count("\n"), text)


def unbalanced(text: str) -> str:
    """Return in a sentence how the sections of a text do not end where they should, or ""."""
    begun: list[str] = []
    for tag in read(text):
        if not isinstance(tag, Tag) or tag.kind == VALUE:
            continue
        if tag.kind != END:
            begun.append(tag.name)
        elif not begun:
            return f"{{{{/ {tag.name} }}}} ends a section that did not begin."
        elif (last := begun.pop()) != tag.name:
            return f"{{{{/ {tag.name} }}}} stands where {{{{/ {last} }}}} should."
    return f"The section of “{begun[-1]}” has no end: write {{{{/ {begun[-1]} }}}} after it." if begun else ""


def filled(text: str, texts: Mapping[str, str]) -> Sequence[str]:
    """Return what appears, by turns the author's and a variable's text; raises KeyError for an unknown one.

    Sections must be balanced.
    """
    pieces, hidden = [""], [False]
    for piece in read(text):
        if isinstance(piece, str):
            pieces[-1] += "" if hidden[-1] else piece
        elif piece.kind == END:
            hidden.pop()
        elif piece.kind == VALUE:
            pieces += [] if hidden[-1] else [texts[piece.name], ""]
        else:
            given = bool(texts[piece.name].strip())
            hidden.append(hidden[-1] or given != (piece.kind == GIVEN))
    return pieces
