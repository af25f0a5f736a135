"""Words that speak of an array's items."""

from typing import Any

from llm.extraction.checking.run import Check, Run, Seen
from llm.extraction.checking.values import canonical


def prefix(schemas: list[Check]) -> Check:
    """The first items each satisfy a schema of their own."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, list):
            return True
        if seen is not None:
            seen.items.update(range(min(len(schemas), len(value))))
        ok = True
        for number, schema in enumerate(schemas[: len(value)]):
            ok = _inside(schema, value, number, run) and ok
        return ok

    return check


def items(schema: Check | bool, start: int, word: str) -> Check:
    """The items from `start` on satisfy the schema."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, list) or len(value) <= start:
            return True
        if seen is not None:
            seen.items.update(range(start, len(value)))
        return _each(schema, value, range(start, len(value)), run, word)

    return check


def unevaluated_items(schema: Check | bool) -> Check:
    """Each item that nothing else has spoken of satisfies the schema."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, list) or seen is None:
            return True
        left = [n for n in range(len(value)) if n not in seen.items]
        seen.items.update(left)
        return _each(schema, value, left, run, "unevaluatedItems")

    return check


def _each(schema: Check | bool, value: list[Any], numbers: Any, run: Run, word: str) -> bool:
    if schema is True or not numbers:
        return True
    if schema is False:
        said = "Items from here on are not in the schema."
        return run.fault(word, lambda: said, numbers[0])
    ok = True
    for number in numbers:
        ok = _inside(schema, value, number, run) and ok
        if not ok and run.enough:
            return False
    return ok


def _inside(schema: Check, value: list[Any], number: int, run: Run) -> bool:
    run.path.append(number)
    ok = schema(value[number], run, None)
    run.path.pop()
    return ok


def contains(schema: Check, least: float, most: float | None, *, speaks: bool) -> Check:
    """So many items satisfy the schema; `speaks`: those count as spoken of."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, list):
            return True
        found = [n for n, item in enumerate(value) if schema(item, run.quiet, None)]
        if seen is not None and speaks:
            seen.items.update(found)
        if len(found) < least:
            return run.fault("contains", lambda: f"{len(found)} items are as `contains` asks, not {least}")
        if most is not None and len(found) > most:
            return run.fault("maxContains", lambda: f"More than {most} items are as `contains` asks")
        return True

    return check


def unique(value: Any, run: Run, _: Seen | None) -> bool:
    """No two items are equal."""
    if not isinstance(value, list) or len({canonical(item) for item in value}) == len(value):
        return True
    return run.fault("uniqueItems", lambda: "Two items are equal")
