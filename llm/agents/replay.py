"""A run told again step by step, from the rows of its journal: what each did, when, by whom, how often."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from llm.agents.tool import AgentTool
from llm.extraction.parsing import NotJSON, loads
from llm.models.agents import AgentRun, AgentStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A step as a person sees it. `after_ms` counts from the start of the run, `attempts` its beginnings.

    `holders` are the leases under which its rows were written: epoch and worker. `crash` says what becomes of
    a tool's call that a dead worker leaves behind.
    """

    number: int
    kind: str
    status: str
    after_ms: int
    attempts: int
    holders: tuple[tuple[int, str], ...]
    data: Mapping[str, Any]
    crash: str = ""

    @property
    def title(self) -> str:
        """Its tool, its model, or nothing."""
        return str(self.data.get("tool") or self.data.get("model") or "")

    @property
    def arguments(self) -> str:
        """The arguments of a call, set out if they are JSON."""
        written = self.data.get("arguments") or ""
        try:
            return json.dumps(loads(written), indent=2, ensure_ascii=False)
        except NotJSON:
            return str(written)

    @property
    def said(self) -> str:
        """What the model said, or was told, or why it could not answer."""
        return str(self.data.get("text") or self.data.get("sentence") or "")

    @property
    def cost(self) -> Decimal | None:
        """What a model step cost; None for what is unknown."""
        return None if self.data.get("cost") is None else Decimal(self.data["cost"])

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        used = self.data.get("usage") or {}
        return int(used.get("input_tokens", 0) + used.get("output_tokens", 0))


def replayed(run: AgentRun, rows: Iterable[AgentStep], tools: Mapping[str, AgentTool]) -> Iterator[Shown]:
    """Yield the steps in the order of their numbers."""
    in_order = sorted(rows, key=attrgetter("step", "seq"))
    for number, history in groupby(in_order, key=attrgetter("step")):
        yield _shown(number, list(history), run.started_at or run.created_at, tools)


def _shown(number: int, rows: list[AgentStep], began: datetime, tools: Mapping[str, AgentTool]) -> Shown:
    newest = rows[-1]
    data = {name: value for row in rows for name, value in row.data.items()}
    return Shown(
        number=number,
        kind=newest.kind,
        status=newest.status,
        after_ms=round((rows[0].created_at - began).total_seconds() * 1000),
        attempts=sum(row.status == "started" for row in rows),
        holders=tuple(dict.fromkeys((row.epoch, row.worker) for row in rows if row.epoch is not None)),
        data=data,
        crash=_crash(data["tool"], tools) if newest.kind == "tool" else "",
    )


def _crash(name: str, tools: Mapping[str, AgentTool]) -> str:
    return tools[name].crash if name in tools else "once"
