"""calculate is exact, and no expression makes it slow or large."""

import random
import time
from contextlib import suppress

import pytest

from llm.agents.arithmetic import BadExpression, evaluate
from llm.agents.tools.calculate import sensible

PARTS = ["%", "/", "*", "+", "-", "**", "//", "(", ")", "7", "1e300", "0.37", "9" * 60, "1/3", "**0.5"]
ATTACKS = [
    "9**9**9",
    "2**99999999",
    "9" * 200 + "**9",
    "1e308*1e308*1e308",
    "1e999999",
    "1e-308/1e308/1e308",
    "(" * 128 + ")" * 128,
    "-" * 256,
    "1/7" + "/7" * 120,
    "1.000000001**999999",
    "1" * 257,
    "'%0999999999d' % 1",
    "__import__('os').system('id')",
    "().__class__",
    "lambda: 1",
    "[1]*9999999",
    "1if 1else 2",
    "0x10",
    "1_0",
    "\u0661+1",
    "1 2",
    "1+",
    "",
]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("37 * 43", "1591"),
        ("0.1 + 0.2", "0.3"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ** 2", "-4"),
        ("2 ** -1", "0.5"),
        ("7 // 2 + 7 % 2", "4"),
        ("-7 // 2", "-4"),
        ("1 / 3", "0.333333333333333"),
        ("(1 + 2) \u00d7 3 ^ 2", "27"),
        ("2 ** 0.5", "1.4142135623731"),
        ("(-1) ** 99999999999999999999", "-1"),
        ("2 ** 1000 / 2 ** 999", "2"),
    ],
)
def test_values(expression: str, value: str) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize("expression", ["1/0", "0 ** -1", "1 % 0", "(-8) ** (1/3)", "1 // 0.0"])
def test_what_has_no_value(expression: str) -> None:
    with pytest.raises(BadExpression):
        evaluate(expression)


@pytest.mark.parametrize("expression", ATTACKS)
def test_attacks_are_refused(expression: str) -> None:
    if expression.startswith(("1/7", "1.0")):
        _timed(expression)
    else:
        with pytest.raises(BadExpression):
            evaluate(expression)


def test_depth_32_and_no_more() -> None:
    assert evaluate("(" * 31 + "1" + ")" * 31) == "1"
    with pytest.raises(BadExpression, match="32"):
        evaluate("(" * 32 + "1" + ")" * 32)


def test_five_milliseconds_are_enough_for_anything() -> None:
    dice = random.Random(8)  # noqa: S311
    made = ("".join(dice.choice(PARTS) for _ in range(dice.randint(1, 90)))[:256] for _ in range(3000))
    for expression in [*made, *ATTACKS]:
        _timed(expression)


def _timed(expression: str) -> None:
    """The best of three: the machine has other work."""
    assert min(_seconds(expression) for _ in range(3)) < 0.005


def _seconds(expression: str) -> float:
    begun = time.process_time()
    with suppress(BadExpression):
        evaluate(expression)
    return time.process_time() - begun


def test_small_models_choose_among_what_the_goal_holds() -> None:
    ready = sensible("What is 37 * 43? And (1 + 2) / 4.")
    assert ready is not None
    assert ready["properties"]["expression"] == {"enum": ["37 * 43", "(1 + 2) / 4"]}
    made = sensible("How many are 12 boxes of 24?")
    assert made is not None
    assert made["properties"]["expression"]["pattern"] == "^(12|24)( [-+*/] (12|24)){1,3}$"
    assert sensible("Who wrote this?") is None
