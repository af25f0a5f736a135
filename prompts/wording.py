"""What two versions say differently: word by word in the messages, and value by value in all the rest."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from llm.types import Message
from prompts.content import Content
from prompts.drift import settings_of

type Kind = Literal["same", "ins", "del"]

WORD = re.compile(r"\w+|\s+|[^\w\s]")
LINE = re.compile(r"[^\n]*\n|[^\n]+")
MOST = 2_000  # words that are compared one by one: the time grows with their square


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, came or went."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChange:
    """What became of a message; `was` is its old role where that changed, or ""."""

    role: str
    was: str
    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return bool(self.was) or any(piece.kind != "same" for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A value beside the messages that is another one now."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that differs."""

    messages: tuple[MessageChange, ...]
    settings: tuple[SettingChange, ...]

    @property
    def any(self) -> bool:
        return bool(self.settings) or any(message.changed for message in self.messages)


def compare(old: Content, new: Content) -> Changes:
    """Return what changed from an old content to a new one."""
    old, new = old.tidied(), new.tidied()
    before, after = dict(settings_of(old)), dict(settings_of(new))
    names = dict.fromkeys([*before, *after])
    return Changes(
        messages=tuple(_messages(old.messages, new.messages)),
        settings=tuple(
            SettingChange(name, before.get(name, ""), after.get(name, ""))
            for name in names
            if before.get(name, "") != after.get(name, "")
        ),
    )


def words(old: str, new: str) -> tuple[Piece, ...]:
    """Return how one text became the other; long ones are first compared line by line."""
    one, other = WORD.findall(old), WORD.findall(new)
    if max(len(one), len(other)) <= MOST:
        return _joined(_pieces(one, other))
    return _joined(_by_lines(LINE.findall(old), LINE.findall(new)))


def _messages(old: Sequence[Message], new: Sequence[Message]) -> Iterator[MessageChange]:
    """Pair the messages so that those which stayed stand together, and those between in order."""
    before_all, after_all = ([(m.role, m.content) for m in messages] for messages in (old, new))
    for _, i, j, k, m in SequenceMatcher(None, before_all, after_all, autojunk=False).get_opcodes():
        for was, now in zip_longest(old[i:j], new[k:m]):
            said: Message = now or was
            before, after = (each.content if each else "" for each in (was, now))
            other_role = was.role if was and now and was.role != now.role else ""
            yield MessageChange(role=said.role, was=other_role, pieces=words(before, after))


def _by_lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before, after = "".join(old[i:j]), "".join(new[k:m])
        one, other = WORD.findall(before), WORD.findall(after)
        if kind == "replace" and max(len(one), len(other)) <= MOST:
            yield from _pieces(one, other)
        else:
            yield from _replaced(kind == "equal", before, after)


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield from _replaced(kind == "equal", "".join(old[i:j]), "".join(new[k:m]))


def _replaced(equal: bool, before: str, after: str) -> Iterator[Piece]:
    if equal:
        yield Piece("same", before)
    else:
        yield from (Piece("del", before), Piece("ins", after))


def _joined(pieces: Iterator[Piece]) -> tuple[Piece, ...]:
    """Take what came and went between single blanks together: whole phrases read better than every word."""
    joined: list[Piece] = []
    gone = came = ""
    for piece in [*(piece for piece in pieces if piece.text), Piece("same", "")]:
        between = piece.kind == "same" and piece.text == " " and (gone or came)
        gone += piece.text if piece.kind == "del" or between else ""
        came += piece.text if piece.kind == "ins" or between else ""
        if piece.kind == "same" and not between:
            joined += _told(gone, came)
            joined.append(piece)
            gone = came = ""
    return tuple(piece for piece in joined if piece.text)


def _told(gone: str, came: str) -> list[Piece]:
    """A blank that stands at the end of both stayed."""
    blank = " " if gone.endswith(" ") and came.endswith(" ") else ""
    cut = len(blank)
    kept = Piece("same", blank)
    return [Piece("del", gone[: len(gone) - cut]), Piece("ins", came[: len(came) - cut]), kept]
