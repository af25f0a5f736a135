"""Words that speak of a value by itself."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from llm.extraction.checking.patterns import matcher
from llm.extraction.checking.run import Check, Run, Seen, shown
from llm.extraction.quotes import EMPTY, MISSING, find

NUMBERS = (int, float)

KINDS: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: isinstance(value, NUMBERS) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
}


def is_int(value: Any) -> bool:
    """What was an integer before draft 6: 1.0 is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def type_(kinds: str | list[str], *, whole_floats: bool) -> Check:
    """The value is of one of the kinds."""
    named = [kinds] if isinstance(kinds, str) else kinds
    tests = [is_int if kind == "integer" and not whole_floats else KINDS[kind] for kind in named]
    says = ", ".join(repr(kind) for kind in named)
    test = tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        return test(value) or run.fault("type", lambda: f"{shown(value)} is not of type {says}")

    return check


def enum(values: list[Any]) -> Check:
    """The value is one of these."""
    keys = {canonical(value) for value in values}
    says = ", ".join(shown(value) for value in values[:20])

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        return canonical(value) in keys or run.fault("enum", lambda: f"{shown(value)} is not one of {says}")

    return check


def const(wanted: Any) -> Check:
    """The value is this one."""
    key = canonical(wanted)

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        return canonical(value) == key or run.fault("const", lambda: f"{shown(wanted)} was expected")

    return check


def canonical(value: Any) -> Any:
    """Return what is equal for values that JSON Schema calls equal (1 and 1.0, not 1 and true)."""
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, list):
        return (list, tuple(map(canonical, value)))
    if isinstance(value, dict):
        return (dict, frozenset((name, canonical(inner)) for name, inner in value.items()))
    return value


def bound(word: str, limit: Any, holds: Callable[[Any, Any], bool], says: str) -> Check:
    """A number stands on the right side of the limit."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, NUMBERS) or isinstance(value, bool) or holds(value, limit):
            return True
        return run.fault(word, lambda: f"{shown(value)} is {says} {shown(limit)}")

    return check


def multiple_of(unit: float) -> Check:
    """A number is a multiple: as floats divide, or as the decimals do that were written (19.99 of 0.01)."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, NUMBERS) or isinstance(value, bool) or _divides(value, unit):
            return True
        return run.fault("multipleOf", lambda: f"{shown(value)} is not a multiple of {shown(unit)}")

    return check


def _divides(value: float, unit: float) -> bool:
    if isinstance(unit, int):
        return value % unit == 0 if isinstance(value, int) else value.is_integer() and int(value) % unit == 0
    try:
        quotient = value / unit
        return int(quotient) == quotient or _divides_as_written(value, unit)
    except OverflowError:
        return (Fraction(value) / Fraction(unit)).denominator == 1


def _divides_as_written(value: float, unit: float) -> bool:
    try:
        return Decimal(repr(value)) % Decimal(repr(unit)) == 0
    except InvalidOperation:  # the quotient has more digits than a decimal takes
        return False


def length(word: str, kind: Any, limit: float, holds: Callable[[Any, Any], bool], says: str) -> Check:
    """A string, list or object is long enough, or not too long."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, kind) or holds(len(value), limit):
            return True
        return run.fault(word, lambda: f"{shown(value)} {says} ({word} is {limit})")

    return check


def pattern(source: str) -> Check:
    """A string matches somewhere."""
    matches = matcher(source)

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, str) or matches(value, run):
            return True
        return run.fault("pattern", lambda: f"{shown(value)} does not match {source!r}")

    return check


def quote(value: Any, run: Run, _: Seen | None) -> bool:
    """A string stands in the source, if there is one."""
    if not isinstance(value, str) or run.source is None:
        return True
    span = find(value, run.source) if value.strip() else None
    if span is None:
        return run.fault("format", lambda: MISSING if value.strip() else EMPTY)
    run.spans[tuple(run.path)] = span
    return True


def limits(schema: Mapping[str, Any], *, exclusive_flags: bool) -> dict[str, Check]:
    """Return the checks of a schema's bounds on numbers."""
    over = bool(exclusive_flags and schema.get("exclusiveMinimum"))
    under = bool(exclusive_flags and schema.get("exclusiveMaximum"))
    table: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
        "minimum": _ABOVE if over else (lambda value, limit: value >= limit, "less than the minimum of"),
        "maximum": _BELOW if under else (lambda value, limit: value <= limit, "greater than the maximum of"),
    }
    if not exclusive_flags:
        table |= {"exclusiveMinimum": _ABOVE, "exclusiveMaximum": _BELOW}
    return {word: bound(word, schema[word], *table[word]) for word in table if word in schema}


_ABOVE = (lambda value, limit: value > limit, "less than or equal to the minimum of")
_BELOW = (lambda value, limit: value < limit, "greater than or equal to the maximum of")
