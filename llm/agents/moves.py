"""What a run does next: a function of its journal and its limits, and of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llm.agents import cycles
from llm.agents.state import Call, State, Turn
from llm.agents.tool import AgentTool

FAILURES = 3  # in a row, after which a model that cannot answer ends the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may use. `seconds` are those that it works, not those that it waits for a person."""

    iterations: int = 10
    tokens: int | None = None
    cost: Decimal | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask the model. `why` names the limit that makes this the last time."""

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Carry out calls."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Calls that a dead process left behind, and nobody knows whether they took effect."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell the model something."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The run is over."""

    status: str
    result: str | None = None
    code: str = ""
    reason: str = ""


type Move = Ask | Use | Doubt | Tell | Wait | End

LIMITS = {
    "max_iterations": "The run used all its iterations; this is the best answer until then.",
    "max_tokens": "The run used all its tokens; this is the best answer until then.",
    "max_cost": "The run spent its budget; this is the best answer until then.",
    "max_seconds": "The run used all its time; this is the best answer until then.",
}
AGAIN = "You go in circles: {found}. Do something else, or give the best answer that you can."
EMPTY = "You gave no answer and called no tool. Do one of the two."


def next_move(
    state: State, limits: Limits, tools: Mapping[str, AgentTool], started: datetime, now: datetime
) -> Move:
    """Return what to do next while nothing is under way: a step that began and has no end was interrupted."""
    turn = state.last
    if turn is not None and not turn.settled and not turn.final:
        return _calls(turn, tools)
    if state.failures:
        return _after_failure(state, limits, started, now)
    if turn is not None and (end := _answer(turn)):
        return end
    if turn is not None and (move := _stuck(state, turn)):
        return move
    return Ask(why=_limit(state, limits, started, now))


def _calls(turn: Turn, tools: Mapping[str, AgentTool]) -> Move:
    open_calls = [call for call in turn.calls if not call.settled]
    doubtful = tuple(call for call in open_calls if call.status == "started" and _once(call, tools))
    if doubtful:
        return Doubt(calls=doubtful)
    ready = tuple(c for c in open_calls if c.status in ("new", "started") or c.approved is not None)
    return Use(calls=ready) if ready else Wait()


def _once(call: Call, tools: Mapping[str, AgentTool]) -> bool:
    """A tool that is not there any more is taken for one that must not run twice."""
    return call.name not in tools or tools[call.name].crash == "once"


def _after_failure(state: State, limits: Limits, started: datetime, now: datetime) -> Move:
    failure = state.last_failure
    if state.failures < FAILURES and failure.get("retryable"):
        return Ask(why=_limit(state, limits, started, now))
    return End(status="failed", code=failure["code"], reason=failure["sentence"])


def _answer(turn: Turn) -> End | None:
    done = next((call for call in turn.calls if call.name == "complete" and call.status == "done"), None)
    if turn.final:
        status = "max_iterations" if turn.why == "max_iterations" else "failed"
        return End(status=status, result=_said(turn), code=turn.why, reason=LIMITS[turn.why])
    if done is not None:
        return End(status="completed", result=done.observation)
    if not turn.calls and turn.text.strip():
        return End(status="completed", result=turn.text.strip())
    return None


def _said(turn: Turn) -> str | None:
    return turn.text.strip() or None


def _stuck(state: State, turn: Turn) -> Move | None:
    """Tell the model once; the second time is the end."""
    if not turn.calls:
        return _tell_or_end(state, turn, "empty", EMPTY, "The model gave no answer, though it was told to.")
    found = cycles.found([cycles.events(one.calls) for one in state.turns])
    if not found:
        return None
    return _tell_or_end(
        state, turn, "cycle", AGAIN.format(found=found), f"The agent went in circles: {found}."
    )


def _tell_or_end(state: State, turn: Turn, code: str, text: str, reason: str) -> Move | None:
    noted = state.noted(code)
    if noted is None:
        return Tell(code=code, text=text)
    if noted.step > turn.step:  # it was told after this turn, and has not been asked since
        return None
    return End(status="failed", code=code, reason=reason)


def _limit(state: State, limits: Limits, started: datetime, now: datetime) -> str:
    """Return the limit that leaves room for one last question, or nothing."""
    if state.iterations >= limits.iterations:
        return "max_iterations"
    if limits.tokens is not None and _after_next(state.tokens, state.last_tokens) > limits.tokens:
        return "max_tokens"
    if limits.cost is not None and _costs_too_much(state, limits.cost):
        return "max_cost"
    if limits.seconds is not None and (now - started - state.paused).total_seconds() > limits.seconds:
        return "max_seconds"
    return ""


def _costs_too_much(state: State, most: Decimal) -> bool:
    """An unknown cost is not within any budget."""
    return state.cost is None or _after_next(state.cost, state.last_cost or Decimal(0)) > most


def _after_next[T: (int, Decimal)](spent: T, last: T) -> T:
    """What will be spent after the next question and the last: a question costs what the newest one did."""
    return spent + 2 * last
