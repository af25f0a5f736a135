"""Patterns that come to an end: Rust's linear engine where it can say the same, else a search with a clock.

Python's own engine is never used: ^(a+)+$ would hold it up, and with it the whole process.
"""

import time
import warnings
from collections.abc import Callable
from functools import lru_cache

import regex
from pydantic_core import SchemaError, SchemaValidator, core_schema

from llm.extraction.checking.pattern_syntax import Foreign, to_rust, with_kinds
from llm.extraction.checking.run import Run, TooMuchWork

MOST_WORK = 50_000_000  # characters times size, up to which the linear engine is quick
LARGEST = 50_000  # up to this size the linear engine is made in a few milliseconds
PATIENCE = 0.25  # seconds for one search with the other
STEPS_A_SECOND = 1_000_000

type Matches = Callable[[str, Run], bool]


class Unusable(ValueError):
    """No engine takes the pattern."""


@lru_cache(maxsize=2048)
def matcher(source: str) -> Matches:
    """Return a search for `source` in bounded time; raises Unusable. The search raises TooMuchWork."""
    linear, size = _linear(source)
    if linear is None:
        return _clocked(source)
    try:
        clocked = _clocked(source)
    except Unusable:
        clocked = None

    def search(text: str, run: Run) -> bool:
        if clocked is not None and len(text) * size > MOST_WORK:
            return clocked(text, run)
        return linear.isinstance_python(text)

    return search


def _linear(source: str) -> tuple[SchemaValidator | None, int]:
    try:
        written, size = to_rust(source)
        if size > LARGEST:
            return None, 0
        return SchemaValidator(core_schema.str_schema(pattern=written, regex_engine="rust-regex")), size
    except (Foreign, SchemaError, ValueError):
        return None, 0


def _clocked(source: str) -> Matches:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = regex.compile(with_kinds(source))
    except (regex.error, RecursionError, OverflowError, ValueError, KeyError) as error:
        raise Unusable(str(error)) from None

    def search(text: str, run: Run) -> bool:
        begun = time.perf_counter()
        try:
            return compiled.search(text, timeout=PATIENCE) is not None
        except TimeoutError:
            raise TooMuchWork from None
        finally:
            run.left[0] -= int((time.perf_counter() - begun) * STEPS_A_SECOND)

    return search
