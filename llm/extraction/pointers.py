"""JSON Pointers (RFC 6901): where in a document something is."""

from collections.abc import Iterable
from typing import Any


def pointer(path: Iterable[str | int]) -> str:
    """Return `/a/0/b` for the steps a, 0, b; "" for the whole document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def within(value: Any, path: Iterable[str | int]) -> list[str | int]:
    """Return those steps of a validator's path that lead through `value`.

    Pydantic puts the names of validators and of a union's branches between them. The last step stays if
    it could be a key: a missing field has none.
    """
    steps, kept = list(path), list[str | int]()
    for number, step in enumerate(steps, 1):
        if isinstance(value, dict) and (step in value or number == len(steps)):
            kept.append(step)
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            kept.append(step)
            value = value[step]
    return kept
