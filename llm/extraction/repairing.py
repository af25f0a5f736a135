"""JSON as models miswrite it, made strict: only what has one meaning, and each edit is told.

Nothing is closed, cut or left out: a value that breaks off stays broken.
"""

import json
import re

TRAILING = "Dropped a comma before a closing bracket."
SINGLE = "Turned single quotes into double quotes."
CONTROL = "Escaped a line break or another control character in a string."
WORD = "Turned True, False or None into JSON's words."
KEY = "Put quotation marks around a key."
COMMENT = "Dropped a comment."

MOST = 200_000  # characters: more is asked for again
WORDS = {"True": "true", "False": "false", "None": "null"}
TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>//[^\n]*+|/\*(?s:.*?)\*/)
  | (?P<string>"(?:[^"\\]|\\.)*+")
  | (?P<single>'(?:[^'\\]|\\.)*+')
  | (?P<comma>,)
  | (?P<mark>[{}\[\]:])
  | (?P<number>-?\d[-+.\deE]*+)
  | (?P<word>[A-Za-z_$][\w$-]*+)
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(.)|(\")|([\x00-\x1f])", re.DOTALL)
RAW = re.compile(r"[\x00-\x1f]")


class Irreparable(ValueError):
    """There is no one way to mend the text."""


def repaired(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text with its slips mended, and what was done, in order; raises Irreparable."""
    if len(text) > MOST or text[-1:] not in ("}", "]"):
        raise Irreparable
    mended: list[str] = []
    edits: dict[str, None] = {}
    for kind, token in _tokens(text):
        if kind == "space":
            continue
        if kind == "comment":
            edits[COMMENT] = None
            continue
        if token in ("}", "]") and len(mended) > 1 and mended[-1] == "," and mended[-2] not in "{[,:":
            mended.pop()
            edits[TRAILING] = None
        if (kind, token) == ("mark", ":") and mended:
            mended[-1] = _key(mended[-1], edits)
        mended.append(_mended(kind, token, edits))
    return " ".join(WORDS.get(token, token) for token in mended), tuple(_told(mended, edits))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None or not found.lastgroup:
            raise Irreparable
        tokens.append((found.lastgroup, found.group()))
        at = found.end()
    return tokens


def _mended(kind: str, token: str, edits: dict[str, None]) -> str:
    if kind == "single":
        edits[SINGLE] = None
        return f'"{ESCAPE.sub(_escape, token[1:-1])}"'
    if kind == "string" and RAW.search(token):
        edits[CONTROL] = None
        return RAW.sub(lambda found: json.dumps(found.group())[1:-1], token)
    return token


def _escape(found: re.Match[str]) -> str:
    escaped, quote, control = found.groups()
    if escaped is not None:
        return "'" if escaped == "'" else found.group()
    return '\\"' if quote else json.dumps(control)[1:-1]


def _key(token: str, edits: dict[str, None]) -> str:
    if token[0] not in '"{}[],:' and not token[0].isdigit():
        edits[KEY] = None
        return json.dumps(token)
    return token


def _told(mended: list[str], edits: dict[str, None]) -> list[str]:
    return [*edits, *([WORD] if any(token in WORDS for token in mended) else [])]
