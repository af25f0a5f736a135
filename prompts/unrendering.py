"""Finding out which texts a prompt was filled with, from what was sent: the way back from `rendering.py`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from llm.redaction import redact
from llm.types import Message
from prompts import tags
from prompts.rendering import Variable, samples

MOST_SECTIONS = 6  # that are tried in every combination
STANDS_FOR_GIVEN = "yes"  # where only a section shows that a text was given


def values_of(
    messages: Sequence[Message], variables: Sequence[Variable], sent: Sequence[str]
) -> dict[str, str] | None:
    """Return a text for each variable that gives what was sent, redacted as the log is; None if none does.

    Of several that do, each variable is as short as it can be, from the left.
    """
    conditions = sorted({tag.name for message in messages for tag in _sections(message.content)})
    known = samples(variables)
    for given in _combinations(conditions):
        switches = dict(zip(conditions, given, strict=True))
        found = _found(messages, switches, sent)
        if found is not None and all(
            bool(found.get(name, "x").strip()) for name, on in switches.items() if on
        ):
            assumed = {name: (known[name] or STANDS_FOR_GIVEN) if on else "" for name, on in switches.items()}
            return {**known, **assumed, **found}
    return None


def _combinations(conditions: Sequence[str]) -> Iterable[Sequence[bool]]:
    if len(conditions) > MOST_SECTIONS:
        return [[True] * len(conditions), [False] * len(conditions)]
    return product((True, False), repeat=len(conditions))


def _sections(text: str) -> Iterator[tags.Tag]:
    for piece in tags.read(text):
        if isinstance(piece, tags.Tag) and piece.kind in (tags.GIVEN, tags.ABSENT):
            yield piece


def _found(
    messages: Sequence[Message], switches: Mapping[str, bool], sent: Sequence[str]
) -> dict[str, str] | None:
    if len(sent) < len(messages):
        return None
    found: dict[str, str] = {}
    for message, text in zip(messages, sent, strict=False):
        if not _match(*_shown(message.content, switches), text, found):
            return None
    return found


def _shown(text: str, switches: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Return what stands between the variables that appear, and their names."""
    names = tags.names(text)
    marks = {name: f"\0{at}\0" for at, name in enumerate(names)}  # no text has a NUL
    appearing = {name: marks[name] if switches.get(name, True) else "" for name in names}
    pieces = tags.filled(text, appearing)
    back = {mark: name for name, mark in marks.items()}
    literals, shown = [pieces[0]], []
    for mark, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        if mark in back:
            shown.append(back[mark])
            literals.append(literal)
        else:
            literals[-1] += literal
    return [redact(literal) for literal in literals], shown


def _match(literals: Sequence[str], names: Sequence[str], text: str, found: dict[str, str]) -> bool:
    """Add to `found` what stands between the literals; False if they do not fit, or not to what is found."""
    if not names:
        return text == literals[0]
    last = len(text) - len(literals[-1])
    if not (text.startswith(literals[0]) and text.endswith(literals[-1])):
        return False
    at = len(literals[0])
    for place, name in enumerate(names, start=1):
        end = last if place == len(names) else text.find(literals[place], at)
        if end < at or found.setdefault(name, text[at:end]) != text[at:end]:
            return False
        at = end + len(literals[place])
    return True
