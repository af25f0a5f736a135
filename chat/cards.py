"""What an agent did for an answer, as people see it: a card a step, which says when it waits for them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from llm.agents import wire
from llm.agents.state import Record

SHOWN = 2000  # characters of what came of a step; an export has all of it
BRIEF = 60  # characters that fit into one line
WAITS = ("waiting", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A question to the model, a tool's call or a note of this program, as it stands now.

    `status` is running, waiting, unknown (begun by a process that died, and nobody knows whether it took
    effect), done or failed; `said` is what came of it; `decision` is what a person said of it: approved,
    denied, or nothing yet. All texts are a model's or of the world outside.
    """

    step: int
    kind: str
    status: str
    tool: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    said: str = ""
    model: str = ""
    tokens: int = 0
    cost: Decimal | None = None
    cached: bool = False
    ms: int | None = None
    decision: str = ""
    note: str = ""

    @property
    def waits(self) -> bool:
        """True while a person has to decide."""
        return self.status in WAITS and not self.decision

    @property
    def given(self) -> str:
        """The arguments in one line."""
        return _line(", ".join(value for _, value in self.arguments))

    @property
    def excerpt(self) -> str:
        """What came of it, as far as a page shows it; arguments it shows whole, for who has to decide."""
        return self.said if len(self.said) <= SHOWN else f"{self.said[:SHOWN]}…"

    @property
    def came(self) -> str:
        """What came of it, if that is short."""
        return self.said if len(self.said) <= BRIEF and "\n" not in self.said else ""


def cards(records: Iterable[Record]) -> list[Card]:
    """Return the cards of a journal. The tool that only hands over the answer gets none, unless it failed."""
    found: dict[int, Card] = {}
    for record in records:
        step = wire.step(record)
        if record.kind == "approval":
            if asked := found.get(step["answers"]):
                found[asked.step] = replace(asked, decision=step["status"], note=step["note"] or "")
            continue
        found[record.step] = _card(step, found.get(record.step))
    return [card for _, card in sorted(found.items()) if card.tool != "complete" or card.status == "failed"]


def _card(step: dict[str, Any], before: Card | None) -> Card:
    usage = step["usage"] or {}
    card = Card(
        step=step["seq"],
        kind=step["kind"],
        status=step["status"],
        tool=step["tool"] or "",
        arguments=tuple(_arguments(step["arguments"])),
        said=step["observation"] or step["text"] or "",
        model=step["model"] or "",
        tokens=usage.get("input_tokens", 0) + usage.get("output_tokens", 0),
        cost=None if step["cost"] is None else Decimal(step["cost"]),
        cached=bool(step["cached"]),
        ms=step["ms"],
    )
    if before is None or card.status in WAITS:
        return card
    return replace(card, decision=before.decision, note=before.note)


def _arguments(written: Any) -> Iterator[tuple[str, str]]:
    """Yield name and value of each; text that is no object has no name."""
    if isinstance(written, dict):
        for name, value in written.items():
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield str(name), said
    elif written is not None:
        yield "", written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)


def as_text(found: Sequence[Card]) -> Iterator[str]:
    """Yield a line for each tool that was called, and what came of it in the lines below."""
    for card in found:
        if card.kind == "tool":
            given = ", ".join(f"{name}={value}" if name else value for name, value in card.arguments)
            yield f"{card.step}. {card.tool}({given}): {card.status}"
            yield from (f"   {line}" for line in card.said.splitlines())


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= BRIEF else f"{line[:BRIEF]}…"
