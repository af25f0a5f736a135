"""No text makes redaction slow: its cost grows as the text does."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined] # how a pattern is built; nothing public says it
from typing import Any

import pytest

from llm import redaction
from llm.redaction import redact

MOST = 16_384

PIECES = [
    *("a", "1", "1 ", "12 ", "4111 ", "4111-", "0", "01 ", "01 2", "+", "+4", "(0", "DE89", "DE89 ", "d3 "),
    *(
        "@",
        "a@",
        "@a.",
        "a.b@",
        "@a-",
        "://",
        "://a",
        "a:b",
        "=",
        ":",
        '"',
        "\\",
        '\\"',
        " ",
        "\n",
        "é",
        "漢",
    ),
    *("eyJ", "eyJabcdefgh.", "sk-", "sk-a", "sk-proj-", "xox", "SK", "AKIA", "1:AA", "bearer ", "bearer a1"),
    *(
        "token",
        "token ",
        "token=",
        "token: ",
        'token="',
        "token is ",
        'token\\"',
        "--token",
        "--a-b-c-token ",
    ),
    *("cookie: ", "cookie: a=", "authorization: ", "Authorization: Basic ", "-----BEGIN PRIVATE KEY-----"),
    *("-----BEGIN ", "[token]", "[email]", "phone ", "phone 1", "call me at ", "a@b.co ", "password=x1 "),
]


@pytest.mark.parametrize("piece", PIECES)
def test_four_times_the_text_costs_about_four_times_as_much(piece: str) -> None:
    small, large = (piece * (size // len(piece)) for size in (16_000, 64_000))
    assert cost(large) < 9 * cost(small) + 0.01, "a quadratic rule would take sixteen times as long"


def test_a_megabyte_of_all_that_is_hard_goes_through() -> None:
    text = "".join(PIECES) * (1_000_000 // len("".join(PIECES)))
    assert "a@b.co" not in redact(text)


def cost(text: str) -> float:
    """Seconds of this process, the best of three."""

    def once() -> float:
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    return min(once() for _ in range(3))


def test_every_repeat_of_every_rule_is_bounded() -> None:
    patterns = list(all_patterns())
    assert len(patterns) > 40
    for pattern in patterns:
        for most in repeats(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)):
            assert most <= MOST, pattern.pattern


def all_patterns() -> Iterator[re.Pattern[str]]:
    for found in pkgutil.iter_modules(redaction.__path__, "llm.redaction."):
        for value in vars(importlib.import_module(found.name)).values():
            inner = value.values() if isinstance(value, dict) else [value]
            yield from (each for each in inner if isinstance(each, re.Pattern))


def repeats(parsed: Any) -> Iterator[int]:
    """Yield how often each part may repeat at most."""
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            yield int(argument[1])
        yield from (most for part in parts(argument) for most in repeats(part))


def parts(argument: Any) -> Iterator[Any]:
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for inner in argument:
            yield from parts(inner)
