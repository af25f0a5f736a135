"""From a model's text to a JSON value: strictly, out of the prose around it, or mended; all of it is told."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from llm.extraction.repairing import Irreparable, repaired

type Root = Literal["object", "array"] | None

MAX_CHARACTERS = 4 * 1024 * 1024
FENCE = re.compile(r"```\w*\s*\Z")
OPENING = re.compile(r"[{\[]")
TOKEN = re.compile(r'[{}\[\]]|"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)', re.DOTALL)  # possessive: always one pass
OBJECT = re.compile(r"\{\s*[\"'}]")


class NotJSON(ValueError):
    """The text holds no JSON value; the message says what is wrong, for the model and for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A JSON value, the JSON it was read from, and what was done to get at it."""

    value: Any
    source: str
    repairs: tuple[str, ...] = ()


def loads(text: str | bytes) -> Any:
    """Parse JSON as RFC 8259 means it: no NaN, no number too large, no key twice, no half character.

    Raises NotJSON.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_without_twins, parse_constant=_refuse, parse_float=_finite
        )
        _whole_characters(text, value)
    except NotJSON:
        raise
    except RecursionError:
        raise NotJSON("It is nested too deeply.") from None
    except UnicodeError:
        raise NotJSON(
            "It holds half of a character (a lone surrogate, or bytes that are not UTF-8)."
        ) from None
    except json.JSONDecodeError as error:
        raise NotJSON(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except ValueError:  # Python refuses integers of thousands of digits
        raise NotJSON("It holds a number that is too large.") from None
    return value


def parse(text: str, *, root: Root = None) -> Parsed:
    """Read the answer: the whole text, or else the last JSON value in it, mended if need be. Raises NotJSON.

    The last, because the first may be quoted from the text that was given to the model. `root` says
    which kind is wanted.
    """
    if len(text) > MAX_CHARACTERS:
        raise NotJSON("The answer is too long.")
    whole = text.strip()
    try:
        return Parsed(value=loads(whole), source=whole)
    except NotJSON:
        start, end = _last_span(whole, root) or (0, len(whole))
    left_away = (_left_away(whole[:start], whole[end:]),) if end - start < len(whole) else ()
    source, edits = _read(whole[start:end])
    return Parsed(value=loads(source), source=source, repairs=(*left_away, *edits))


def _read(text: str) -> tuple[str, tuple[str, ...]]:
    """Return strict JSON and what was mended; raises NotJSON, with what was wrong before any mending."""
    try:
        loads(text)
    except NotJSON as error:
        first = error
    else:
        return text, ()
    try:
        source, edits = repaired(text)
        loads(source)
    except Irreparable:
        raise NotJSON(f"The answer is not JSON. {first}") from None
    except NotJSON as error:
        said = error if "occurs twice" in str(error) else first
        raise NotJSON(f"The answer is not JSON. {said}") from None
    return source, edits


def _last_span(text: str, root: Root) -> tuple[int, int] | None:
    """The last balanced {...} or [...] that stands by itself; a part of a broken one is never taken."""
    opener = {"object": "{", "array": "["}.get(root or "")
    spans = [(a, b) for a, b in _balanced(text) if opener in (None, text[a]) and _looks_like_json(text, a)]
    return spans[-1] if spans else None


def _balanced(text: str) -> list[tuple[int, int]]:
    """Outermost bracketed spans, in one pass. Quotes count only inside brackets: prose has apostrophes."""
    spans, depth, start, at = [], 0, 0, 0
    while found := (TOKEN if depth else OPENING).search(text, at):
        at = found.end()
        if (bracket := found.group()) in "{[":
            start = found.start() if depth == 0 else start
            depth += 1
        elif bracket in "}]":
            depth -= 1
            if depth == 0:
                spans.append((start, at))
    return spans


def _looks_like_json(text: str, start: int) -> bool:
    """Tell `{"a": 1}` and `[1]` from the {placeholders} and (brackets) of prose."""
    return text[start] == "[" or OBJECT.match(text, start) is not None


def _left_away(before: str, after: str) -> str:
    if FENCE.fullmatch(before) and after.strip() == "```":
        return "Took the JSON out of a code fence."
    return "Left out the text around the JSON."


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise NotJSON(f"The key {twin[:100]!r} occurs twice in one object.")
    return value


def _refuse(constant: str) -> NoReturn:
    raise NotJSON(f"{constant} is not JSON.")


def _finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise NotJSON("It holds a number that is too large.")
    return number


def _whole_characters(text: str | bytes, value: Any) -> None:
    """Refuse lone surrogates, which no database and no wire takes."""
    escaped = r"\ud" in text.lower() if isinstance(text, str) else rb"\ud" in text.lower()
    if escaped or (isinstance(text, str) and not text.isascii()):
        json.dumps(value, ensure_ascii=False).encode()
