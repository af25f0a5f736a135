"""A run as its journal tells it. Everything a run knows is in its rows: whoever reads them can go on.

What a row's `data` holds, in version 1 (`kind status`):

    model started   final, why
    model done      text, calls [{id, name, arguments}], opaque, final, why, finish, model, usage, cost,
                    cached, request_id, ms
    model failed    code, sentence, retryable, usage, cost
    tool started    call, tool, arguments          waiting: the same, and nothing was done yet
    tool done       observation, ms                failed: the same; unknown: the same
    approval        step, approved, note, by       (status `approved` or `denied`)
    note            code, text                     said to the model by this program

A call's step number follows from its place in the model's answer. Rows of a version are read for ever: a
change of their shape raises STATE_VERSION, adds a reader here and a saved run to the tests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from llm.models.agents import STATE_VERSION
from llm.types import Usage

SETTLED = ("done", "failed")


class UnknownVersion(ValueError):
    """The run was saved by a newer Parley."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of the journal."""

    seq: int
    step: int
    kind: str
    status: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(slots=True, kw_only=True)
class Call:
    """A tool call of an answer, and how it stands: new, waiting, started, unknown, done or failed.

    `approved` is what a person said of it since it began to wait, None as long as nobody has.
    """

    step: int
    id: str
    name: str
    arguments: str
    status: str = "new"
    observation: str = ""
    approved: bool | None = None
    note: str = ""
    was_unknown: bool = False

    @property
    def settled(self) -> bool:
        """True when the model can be told how it went."""
        return self.status in SETTLED

    @property
    def waits(self) -> bool:
        """True while a person has to decide."""
        return self.status in ("waiting", "unknown") and self.approved is None


@dataclass(slots=True, kw_only=True)
class Turn:
    """An answer of the model with its calls."""

    step: int
    text: str
    final: bool
    why: str
    finish: str
    model: str
    opaque: Any = None
    calls: list[Call] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """True when each of its calls has an end."""
        return all(call.settled for call in self.calls)


@dataclass(slots=True, kw_only=True)
class Note:
    """What this program told the model."""

    step: int
    code: str
    text: str


class State:
    """The sum of a journal. `asking` is the step of a question that has no answer yet."""

    def __init__(self, records: Iterable[Record] = (), version: int = STATE_VERSION) -> None:
        if version > STATE_VERSION:
            raise UnknownVersion(
                f"The run has state version {version}, and this Parley reads {STATE_VERSION}."
            )
        self.history: list[Turn | Note] = []
        self.seq = self.step = self.iterations = self.failures = 0
        self.asking: int | None = None
        self.last_failure: Mapping[str, Any] = {}
        self.usage = Usage()
        self.last_tokens = 0
        self.last_cost: Decimal | None = Decimal(0)
        self.cost: Decimal | None = Decimal(0)
        self.paused = timedelta()
        self._waits_since: datetime | None = None
        for record in records:
            self.apply(record)

    @property
    def turns(self) -> list[Turn]:
        return [entry for entry in self.history if isinstance(entry, Turn)]

    @property
    def last(self) -> Turn | None:
        """The newest answer."""
        return next((entry for entry in reversed(self.history) if isinstance(entry, Turn)), None)

    @property
    def waiting(self) -> list[Call]:
        """Calls that a person has to decide on."""
        return [call for turn in self.turns for call in turn.calls if call.waits]

    def noted(self, code: str) -> Note | None:
        """Return what the model was told of `code`, if it was."""
        return next((e for e in reversed(self.history) if isinstance(e, Note) and e.code == code), None)

    def call(self, step: int) -> Call | None:
        """Return the call of a step."""
        return next((call for turn in self.turns for call in turn.calls if call.step == step), None)

    def apply(self, record: Record) -> None:
        """Add a row."""
        self.seq = record.seq
        self.step = max(self.step, record.step)
        match record.kind:
            case "model":
                self._model(record)
            case "tool":
                self._tool(record)
            case "approval":
                self._approval(record)
            case "note":
                self.history.append(
                    Note(step=record.step, code=record.data["code"], text=record.data["text"])
                )

    def _model(self, record: Record) -> None:
        if record.status == "started":
            self.asking = record.step
            return
        self.asking = None
        self._spent(record.data)
        if record.status == "failed":
            self.failures += 1
            self.last_failure = record.data
            return
        self.failures = 0
        self.iterations += not record.data["final"]
        turn = _turn(record)
        self.step = max([self.step, *(call.step for call in turn.calls)])
        self.history.append(turn)

    @property
    def tokens(self) -> int:
        """All tokens, in and out."""
        return self.usage.input_tokens + self.usage.output_tokens

    def _spent(self, data: Mapping[str, Any]) -> None:
        used = Usage(**data["usage"])
        self.usage += used
        self.last_tokens = used.input_tokens + used.output_tokens
        self.last_cost = None if data["cost"] is None else Decimal(data["cost"])
        self.cost = None if self.cost is None or self.last_cost is None else self.cost + self.last_cost

    def _tool(self, record: Record) -> None:
        call = self.call(record.step)
        if call is None:
            return
        call.status = record.status
        if record.status in ("waiting", "unknown"):
            call.approved = None
            call.was_unknown = record.status == "unknown"
            self._waits_since = self._waits_since or record.at
        call.observation = record.data.get("observation", call.observation)

    def _approval(self, record: Record) -> None:
        if call := self.call(record.data["step"]):
            call.approved, call.note = record.data["approved"], record.data.get("note", "")
        if self._waits_since:
            self.paused += record.at - self._waits_since
            self._waits_since = None


def _turn(record: Record) -> Turn:
    data = record.data
    calls = [
        Call(step=record.step + place, id=call["id"], name=call["name"], arguments=call["arguments"])
        for place, call in enumerate(data["calls"], 1)
    ]
    return Turn(
        step=record.step,
        text=data["text"],
        final=data["final"],
        why=data.get("why", ""),
        finish=data["finish"],
        model=data["model"],
        opaque=data.get("opaque"),
        calls=calls,
    )
