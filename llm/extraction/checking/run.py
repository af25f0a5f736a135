"""One check of one value: how much work is left, where we are, and what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_STEPS = 2_000_000  # schemas applied to parts of one value: a second or two
MOST_FAULTS = 20


class TooMuchWork(Exception):
    """The check would take too long, or never end."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of the value, and the word of the schema that says so."""

    path: tuple[str | int, ...]
    word: str
    message: str


class Seen:
    """The properties and items of one value that some part of the schema has spoken of."""

    __slots__ = ("items", "properties")

    def __init__(self) -> None:
        self.properties: set[str] = set()
        self.items: set[int] = set()

    def add(self, other: "Seen") -> None:
        """Take over what another part has spoken of."""
        self.properties |= other.properties
        self.items |= other.items


class Run:
    """`quiet` only asks whether; otherwise faults are collected, up to `MOST_FAULTS`.

    Quotes must stand in `source`, if there is one; `spans` says where they do.
    """

    __slots__ = ("enough", "faults", "left", "path", "quiet", "source", "spans")

    def __init__(self, *, collects: bool, of: "Run | None" = None, source: str | None = None) -> None:
        self.left: list[int] = of.left if of else [MOST_STEPS]
        self.path: list[str | int] = of.path if of else []
        self.source: str | None = of.source if of else source
        self.spans: dict[tuple[str | int, ...], tuple[int, int]] = of.spans if of else {}
        self.faults: list[Fault] = []
        self.enough = not collects
        self.quiet: Run = Run(collects=False, of=self) if collects else self

    def step(self) -> None:
        """Count one schema applied to one value."""
        self.left[0] -= 1
        if self.left[0] < 0:
            raise TooMuchWork

    def branch(self) -> "Run":
        """Return a run that collects for itself, at the same place."""
        return Run(collects=True, of=self)

    def fault(self, word: str, message: Callable[[], str], *steps: str | int) -> bool:
        """Note a fault, unless nobody asks why; returns False for the caller to return."""
        if not self.enough:
            self.faults.append(Fault((*self.path, *steps), word, short(message())))
            self.enough = len(self.faults) >= MOST_FAULTS
        return False


type Check = Callable[[Any, Run, Seen | None], bool]


def said(template: str, *values: Any) -> Callable[[], str]:
    """Return a message that is only written when it is asked for."""
    return lambda: template.format(*values)


def short(message: str) -> str:
    """Cut a message so that it echoes little of an answer."""
    return message if len(message) <= 300 else f"{message[:300]}..."


def shown(value: Any) -> str:
    """Return a value as it may stand in a message, without writing out all of a large one."""
    if isinstance(value, str):
        return repr(value[:200])
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value[:3])}{', ...' if len(value) > 3 else ''}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{shown(name)}: ..." for name in list(value)[:3])
        return f"{{{inner}{', ...' if len(value) > 3 else ''}}}"
    return repr(value) if not isinstance(value, int) or abs(value) < 10**100 else "the number"
