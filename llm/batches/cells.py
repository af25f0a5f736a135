"""Data in the cells of a table, in which nothing is a formula."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 spreadsheets take the wide ones, too


def flat(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the columns of some data: objects in dotted names, everything else in one cell each."""
    if isinstance(data, Mapping) and (data or not path):
        for name, value in data.items():
            yield from flat(value, f"{path}.{name}" if path else str(name))
    else:
        yield path or "data", data


def cell(value: Any) -> str:
    """Return a value as a spreadsheet shows it. A text that it would run as a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _harmless("; ".join(value))
    return _harmless(json.dumps(value, ensure_ascii=False))


def _harmless(text: str) -> str:
    if text.lstrip(" ").startswith(FORMULA) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text
