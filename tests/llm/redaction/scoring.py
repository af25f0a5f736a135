"""How much of what is marked was hidden, and how much of what was hidden is marked."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from llm.redaction.marks import ANY_MARK, CARD, EMAIL, IBAN, PHONE

type Span = tuple[int, int, str]

KINDS = ("secret", "email", "phone", "card", "iban")
_OF_MARK = {EMAIL: "email", PHONE: "phone", CARD: "card", IBAN: "iban"}
_LABEL = re.compile(r"⟦(\w+):(.*?)⟧")
_MARK = re.compile(f"({ANY_MARK})")


@dataclass(kw_only=True)
class Score:
    """Counts by kind, and a line for each fault."""

    wanted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def recall(self, kind: str) -> float:
        return self.found[kind] / self.wanted[kind]

    def precision(self, kind: str) -> float:
        return self.right[kind] / self.hidden[kind]

    def table(self) -> str:
        rows = [
            f"{kind:<8}{self.wanted[kind]:>7}{self.recall(kind):>9.3f}{self.precision(kind):>11.3f}"
            for kind in KINDS
        ]
        return "\n".join(["kind     marked   recall  precision", *rows, *self.faults])


def score(labelled: list[str], redact: Callable[[str], str]) -> Score:
    """Count over labelled texts; a mark of another kind hides too, but is not right."""
    result = Score()
    for line in labelled:
        text, wanted = parse(line)
        hidden = spans(text, redact(text))
        _count(result, text, wanted, hidden)
    return result


def parse(line: str) -> tuple[str, list[Span]]:
    """Return the text without its labels, and the spans that they named."""
    text, wanted, at = "", [], 0
    for match in _LABEL.finditer(line):
        text += line[at : match.start()]
        wanted.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    return text + line[at:], wanted


def spans(text: str, redacted: str) -> list[Span]:
    """Return which parts of the text the marks stand for."""
    parts = _MARK.split(redacted)
    pattern = "(.*?)".join(re.escape(part) for part in parts[::2])
    match = re.fullmatch(pattern, text, re.DOTALL)
    assert match, f"more than marks was changed: {text!r} -> {redacted!r}"
    kinds = [_OF_MARK.get(mark, "secret") for mark in parts[1::2]]
    return [(*match.span(number), kind) for number, kind in enumerate(kinds, 1)]


def _count(result: Score, text: str, wanted: list[Span], hidden: list[Span]) -> None:
    for start, end, kind in wanted:
        result.wanted[kind] += 1
        if any(a <= start and end <= b for a, b, _ in hidden):
            result.found[kind] += 1
        else:
            result.faults.append(f"let through: {kind} {text[start:end]!r} in {text!r}")
    for start, end, kind in hidden:
        result.hidden[kind] += 1
        if any(a < end and start < b and kind == other for a, b, other in wanted):
            result.right[kind] += 1
        else:
            result.faults.append(f"hidden for nothing: {kind} {text[start:end]!r} in {text!r}")
