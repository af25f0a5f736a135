"""How a call ended, in words: the outcome of a ledger row as a badge and a sentence."""

from dataclasses import dataclass

from llm import errors
from llm.models import Call


@dataclass(frozen=True, slots=True)
class Outcome:
    """A word, the tone of its badge ("" is plain), and a sentence for people."""

    word: str
    tone: str
    sentence: str


_OK = {
    "length": Outcome("cut short", "", "The answer reached its limit of tokens and ended there."),
    "tool_calls": Outcome("tools", "", "The model asked for tools."),
}
_ENDED = {
    "stopped": Outcome("stopped", "", "Somebody stopped this answer. What came until then was used."),
    "fault": Outcome("fault", "bad", "Something broke inside Parley. The fault is in the log."),
    "rate_limited": Outcome("rate limit", "bad", errors.RateLimited.says),
    "unavailable": Outcome("unavailable", "bad", "The provider could not answer."),
    "timed_out": Outcome("timed out", "bad", errors.TimedOut.says),
    "invalid": Outcome("rejected", "bad", errors.Rejected.says),
    "refused": Outcome("refused", "bad", errors.Refused.says),
    "bad_output": Outcome("bad output", "bad", errors.BadOutput.says),
    "over_budget": Outcome("over budget", "bad", errors.BudgetExceeded.says),
    "no_price": Outcome("no price", "bad", errors.NoPrice.says),
}


def outcome_of(call: Call) -> Outcome:
    """Return how `call` ended."""
    if call.outcome != "ok":
        return _ENDED.get(call.outcome) or Outcome(call.outcome, "bad", "The call failed.")
    if call.cached:
        return Outcome("cached", "", "The answer was stored; no model was asked.")
    return _OK.get(call.finish) or Outcome("ok", "", "The model answered.")
