"""JSON Schemas that callers send: what is taken, within bounds, and how answers are checked.

The draft is the one that `$schema` names, else 2020-12. Nothing is coerced ("3" is not 3), nothing is
fetched, and `format` is a hint, as the standard has it.
"""

import json
from collections.abc import Mapping
from typing import Any

from llm.errors import Rejected
from llm.extraction.checking import Checker, TooMuchWork, Uncheckable, compiled, draft_of, flaw
from llm.extraction.checking.drafts import TOO_OLD
from llm.extraction.pointers import pointer

MAX_DEPTH = 100
MAX_NODES = 50_000
MAX_BYTES = 512 * 1024

type Path = tuple[str | int, ...]
type Spans = dict[Path, tuple[int, int]]


class SchemaRefused(Rejected):
    """The schema cannot be used; `errors` point into it, from its root."""

    says = "The schema cannot be used."

    def __init__(self, message: str, path: Path = ()) -> None:
        self.errors: tuple[dict[str, str], ...] = ({"pointer": pointer(path), "message": message},)
        super().__init__(f"The schema cannot be used. {message.rstrip('.')}.")


def taken(schema: Mapping[str, Any] | bool) -> dict[str, Any]:
    """Return a schema as plain JSON of our own, within the bounds; raises SchemaRefused."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    _measure(schema)
    try:
        text = json.dumps(schema, allow_nan=False)
        text.encode().decode()
        json.dumps(copy := json.loads(text), ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise SchemaRefused("It is not JSON.") from None
    if len(text) > MAX_BYTES:
        raise SchemaRefused(f"It is larger than {MAX_BYTES // 1024} KiB.")
    own: dict[str, Any] = copy
    return own


def validator_of(schema: Mapping[str, Any] | bool) -> Checker:
    """Return what checks answers; raises SchemaRefused for a schema that could do harm or says nothing."""
    return checker_of(taken(schema))


def checker_of(schema: Mapping[str, Any]) -> Checker:
    """Return what checks answers against a schema that was taken; raises SchemaRefused."""
    if str(schema.get("$schema", "")).rstrip("#") in TOO_OLD:
        raise SchemaRefused("Draft 3 is too old: write it in a later one.", ("$schema",))
    try:
        if wrong := flaw(schema, draft_of(schema)):
            raise SchemaRefused(wrong.message, wrong.path)
        return compiled(schema)
    except Uncheckable as error:
        raise SchemaRefused(str(error), error.where) from None
    except (TooMuchWork, RecursionError):
        raise SchemaRefused("It is nested too deeply.") from None


def faults(
    checker: Checker, value: Any, *, source: str | None = None, found: Spans | None = None
) -> tuple[dict[str, str], ...]:
    """Return what is wrong with `value`, at most 20 faults.

    A string of the format `quote` must stand in `source`; where it does goes into `found`.
    """
    try:
        wrong = checker.faults(value, source, found)
    except TooMuchWork:
        return ({"pointer": "", "message": "It cannot be checked in bounded time."},)
    return tuple({"pointer": pointer(fault.path), "message": fault.message} for fault in wrong)


def _measure(schema: Mapping[str, Any]) -> None:
    """Hold the bounds before anything recursive looks at it."""
    waiting: list[tuple[int, Any]] = [(1, schema)]
    nodes = 0
    while waiting:
        depth, found = waiting.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise SchemaRefused(f"It is nested deeper than {MAX_DEPTH} levels.")
        if nodes > MAX_NODES:
            raise SchemaRefused(f"It has more than {MAX_NODES:,} parts.")
        if isinstance(found, Mapping):
            found = list(found.values())
        if isinstance(found, (list, tuple)):
            waiting.extend((depth + 1, child) for child in found)
