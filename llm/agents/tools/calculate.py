"""calculate: arithmetic that a model should not do in its head."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from llm.agents.arithmetic import CHARACTERS, BadExpression, evaluate
from llm.agents.tool import ToolError, tool

WRITTEN = re.compile(r"[(\d.][\d.,()+*/%×÷^ -]{0,255}")  # noqa: RUF001 what looks like arithmetic in a text
NUMBER = re.compile(r"\d{1,30}(?:\.\d{1,30})?")
MOST_NUMBERS = 8


def sensible(said: str) -> Mapping[str, Any] | None:
    """Return the expressions that `said` holds, or those that its numbers make; None without numbers."""
    if ready := list(dict.fromkeys(_ready(said))):
        return _schema({"enum": ready})
    numbers = list(dict.fromkeys(NUMBER.findall(said)))[:MOST_NUMBERS]
    if len(numbers) < 2:
        return None
    one = f"({'|'.join(re.escape(number) for number in numbers)})"
    return _schema({"type": "string", "pattern": f"^{one}( [-+*/] {one}){{1,3}}$"})


def _ready(said: str) -> Iterator[str]:
    for found in WRITTEN.findall(said):
        expression = found.strip(" .,").replace(",", "")
        if len(NUMBER.findall(expression)) > 1 and _works(expression):
            yield expression


def _works(expression: str) -> bool:
    try:
        evaluate(expression)
    except BadExpression:
        return False
    return True


def _schema(expression: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": {"expression": expression},
        "required": ["expression"],
        "additionalProperties": False,
    }


@tool(crash="pure", timeout=5, narrow=sensible)
async def calculate(expression: str) -> str:
    """Work out an arithmetic expression exactly.

    Args:
        expression: Numbers and + - * / // % ** ( ) only, such as 2 * (3 + 4).
    """
    try:
        return evaluate(expression[: CHARACTERS + 1])
    except BadExpression as error:
        raise ToolError(str(error)) from None
