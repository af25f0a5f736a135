"""Exact arithmetic on text that nobody vouches for: at most 256 characters, 32 levels, 2,048 bits, 5 ms.

A tokenizer and a Pratt parser of our own, because every evaluator that stands on Python's own parser can be
made to hang or to fill the memory. Sizes are bounded before a number is made, never after.
"""

import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

CHARACTERS = 256
DEPTH = 32
BITS = 2048  # of a numerator or a denominator: 616 decimal digits
EXPONENT = 308  # of a number such as 1e308
DIGITS = 15  # significant ones of a result that is not whole

NUMBER = r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?)"
SIGN = r"(?P<sign>\*\*|//|[-+*/%^()×÷·−–])"  # noqa: RUF001 as people write them
TOKEN = re.compile(rf"\s*(?:{NUMBER}|{SIGN})", re.ASCII)
SAME = {"^": "**", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"}  # noqa: RUF001
BINDS = {"+": 10, "-": 10, "*": 20, "/": 20, "//": 20, "%": 20, "**": 40}
PREFIX = 30  # -2 ** 2 is -(2 ** 2), as in Python


class BadExpression(ValueError):
    """It cannot be worked out; the text says why."""


def evaluate(text: str) -> str:
    """Return the value of an expression of numbers and + - * / // % ** ( ); raises BadExpression."""
    if len(text) > CHARACTERS:
        raise BadExpression(f"The expression is longer than {CHARACTERS} characters.")
    return shown(_Parser(_tokens(text)).whole())


def shown(value: Fraction) -> str:
    """Return a whole number in full, any other with 15 significant digits."""
    if value.denominator == 1:
        return str(value.numerator)
    try:
        return f"{float(value):.{DIGITS}g}"
    except OverflowError:
        return f"{value.numerator // value.denominator}"


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None:
            wrong = text[at:].lstrip()[0]
            raise BadExpression(f"{wrong!r} is not arithmetic. Use numbers and + - * / // % ** ( ) only.")
        at = found.end()
        yield found["number"] or SAME.get(found["sign"], found["sign"])


class _Parser:
    """Works the value out as it reads; `depth` counts what is open."""

    def __init__(self, tokens: Iterator[str]) -> None:
        self._tokens = tokens
        self._next = next(tokens, "")
        self._depth = 0

    def whole(self) -> Fraction:
        value = self._expression(0)
        if self._next:
            raise BadExpression(f"{self._next!r} is out of place.")
        return value

    def _take(self) -> str:
        taken, self._next = self._next, next(self._tokens, "")
        return taken

    def _expression(self, least: int) -> Fraction:
        """Read what binds more tightly than `least`."""
        self._depth += 1
        if self._depth > DEPTH:
            raise BadExpression(f"It is nested more than {DEPTH} levels deep.")
        value = self._operand()
        while BINDS.get(self._next, 0) > least:
            sign = self._take()
            right = self._expression(BINDS[sign] - (sign == "**"))  # 2 ** 3 ** 2 is 2 ** (3 ** 2)
            value = OPERATIONS[sign](value, right)
        self._depth -= 1
        return value

    def _operand(self) -> Fraction:
        match self._take():
            case "-":
                return -self._expression(PREFIX)
            case "+":
                return self._expression(PREFIX)
            case "(":
                return self._bracket()
            case "":
                raise BadExpression("It ends too soon.")
            case word if word[0].isdigit() or word[0] == ".":
                return _number(word)
            case word:
                raise BadExpression(f"{word!r} is out of place.")

    def _bracket(self) -> Fraction:
        value = self._expression(0)
        if self._take() != ")":
            raise BadExpression("A bracket is not closed.")
        return value


def _number(token: str) -> Fraction:
    mantissa, _, exponent = token.lower().partition("e")
    if abs(int(exponent or 0)) > EXPONENT:
        raise BadExpression("A number is too large or too small.")
    return _sized(Fraction(mantissa) * Fraction(10) ** int(exponent or 0))


def _sized(value: Fraction) -> Fraction:
    _check(max(_size(value)))
    return value


def _check(bits: int) -> None:
    if bits > BITS:
        raise BadExpression("A number becomes too large.")


def _size(value: Fraction) -> tuple[int, int]:
    return value.numerator.bit_length(), value.denominator.bit_length()


def _add(a: Fraction, b: Fraction) -> Fraction:
    (above_a, below_a), (above_b, below_b) = _size(a), _size(b)
    _check(max(above_a + below_b, above_b + below_a, below_a + below_b))
    return a + b


def _multiply(a: Fraction, b: Fraction) -> Fraction:
    (above_a, below_a), (above_b, below_b) = _size(a), _size(b)
    _check(max(above_a + above_b, below_a + below_b))
    return a * b


def _divided(divide: Callable[[Fraction, Fraction], Fraction]) -> Callable[[Fraction, Fraction], Fraction]:
    def guarded(a: Fraction, b: Fraction) -> Fraction:
        if not b:
            raise BadExpression("It divides by zero.")
        (above_a, below_a), (above_b, below_b) = _size(a), _size(b)
        _check(max(above_a + below_b, below_a + above_b))
        return divide(a, b)

    return guarded


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        return _root(base, exponent)
    if not base and exponent < 0:
        raise BadExpression("It divides by zero.")
    if abs(base) != 1:
        _check(max(_size(base)) * abs(exponent.numerator) if base else 0)
    else:
        exponent = Fraction(exponent.numerator % 2)
    return base**exponent.numerator


def _root(base: Fraction, exponent: Fraction) -> Fraction:
    """A power that is not whole is as exact as the machine's numbers are."""
    try:
        result = math.pow(base, exponent)
    except (ValueError, OverflowError):
        raise BadExpression("This power has no value among the real numbers that fit.") from None
    return _sized(Fraction(repr(result)))


OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": _add,
    "-": lambda a, b: _add(a, -b),
    "*": _multiply,
    "/": _divided(lambda a, b: a / b),
    "//": _divided(lambda a, b: Fraction(a // b)),
    "%": _divided(lambda a, b: a % b),
    "**": _power,
}
