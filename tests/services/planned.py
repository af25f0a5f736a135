"""A server that answers each attempt as the question itself says, so that calls do not mix."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from aiohttp import web

from tests.wire import (
    Answer,
    Gate,
    Seen,
    WireServer,
    cut_after,
    error_event,
    hang,
    silent_eof,
    status,
    text,
)

ANSWERS: dict[str, Callable[[Gate], Answer]] = {
    "ok": lambda _: text("Hi ", "there"),
    "busy": lambda _: status(429, retry_after=0.01),
    "overloaded": lambda _: status(503),
    "wrong": lambda _: status(400),
    "cut": lambda _: cut_after("Half"),
    "eof": lambda _: silent_eof("Half"),
    "fails": lambda _: error_event("overloaded_error", "Half"),
    "hangs": lambda _: hang(),
    "held": lambda gate: text("Once ", "upon ", "a time", gate=gate),  # after the first piece, until it opens
}
OUTCOMES = {"ok": "ok", "busy": "rate_limited", "wrong": "invalid", "hangs": "timed_out", "held": "stopped"}
PROVIDERS = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of the attempts at a question, for each provider; the last answer is for all further."""

    openai: tuple[str, ...]
    anthropic: tuple[str, ...] = ("ok",)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def question(self) -> str:
        return json.dumps({"id": self.id, "openai": self.openai, "anthropic": self.anthropic})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One that came: of which plan, at which provider, how it was answered and under which id."""

    plan: str
    provider: str
    answer: str
    upstream_id: str

    @property
    def outcome(self) -> str:
        """What the ledger should say of it."""
        return OUTCOMES.get(self.answer, "unavailable")


class PlannedServer(WireServer):
    """Keeps count of what it was asked: the truth that the ledger is held against."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts: list[Attempt] = []
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._gates: defaultdict[str, Gate] = defaultdict(self._held)
        self.always(text("replaced by the plan"))

    def open(self, plan: Plan) -> None:
        """Let the held answer of a plan go on to its end."""
        self._gates[plan.id].open()

    def of(self, plan: Plan) -> list[Attempt]:
        """Return the attempts at a plan's question."""
        return [attempt for attempt in self.attempts if attempt.plan == plan.id]

    def _held(self) -> Gate:
        gate = self.gate()
        gate.let()
        return gate

    async def _answer(self, request: web.Request, seen: Seen, answer: Answer) -> web.StreamResponse:
        plan, provider = json.loads(_asked(seen)), PROVIDERS[seen.path]
        turn = self._counts[plan["id"], provider]
        self._counts[plan["id"], provider] += 1
        name = plan[provider][min(turn, len(plan[provider]) - 1)]
        upstream_id = f"req_{len(self.requests)}"
        self.attempts.append(
            Attempt(plan=plan["id"], provider=provider, answer=name, upstream_id=upstream_id)
        )
        self._tell()
        return await super()._answer(request, seen, ANSWERS[name](self._gates[plan["id"]]))


def _asked(seen: Seen) -> str:
    content = seen.body["messages"][-1]["content"]
    return content if isinstance(content, str) else str(content[0]["text"])


def random_plan(dice: Random) -> Plan:
    """Return a plan that mostly goes well: half of all failures would open the breaker."""
    faults = ["busy", "overloaded", "cut", "eof", "fails", "wrong"]
    openai = [*dice.sample(faults, dice.choice([0, 0, 0, 1, 2])), dice.choice(["ok"] * 6 + ["overloaded"])]
    anthropic = ["ok"] if dice.random() < 0.8 else ["overloaded", "ok"]
    return Plan(openai=tuple(openai), anthropic=tuple(anthropic))
