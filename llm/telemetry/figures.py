"""What is counted of the calls of this process."""

from llm.entry import Entry
from llm.telemetry.meters import Counter, Gauge, Histogram

_WHAT = ("provider", "model", "feature")

CALLS = Counter(
    "parley_calls_total", "Attempts at a model, and answers from the cache.", *_WHAT, "outcome", "cached"
)
TOKENS = Counter(
    "parley_tokens_total", "Tokens of attempts; cached and reasoning are parts of the others.", *_WHAT, "kind"
)
COST = Counter("parley_cost_dollars_total", "What attempts cost, where the price is known.", *_WHAT)
UNPRICED = Counter("parley_unpriced_calls_total", "Attempts whose price is unknown.", *_WHAT)
SAVED = Counter("parley_saved_dollars_total", "What answers from the cache had cost.", *_WHAT)
SECONDS = Histogram("parley_call_seconds", "How long attempts took.", "provider", "model")
FIRST_TOKEN = Histogram("parley_first_token_seconds", "How long the first token took.", "provider", "model")
RETRIES = Counter("parley_retries_total", "Models that were asked again, by what failed.", "model", "code")
FALLBACKS = Counter(
    "parley_fallbacks_total", "Models of a chain that could not answer, and why.", "model", "code"
)
THROTTLED = Histogram(
    "parley_rate_limit_wait_seconds", "How long calls waited for a provider's rate limit.", "provider"
)
OVER_BUDGET = Counter("parley_budget_refusals_total", "Calls that a budget had no room for.", "feature")
OVER_QUOTA = Counter("parley_quota_refusals_total", "Calls beyond the quota of a person or key.", "kind")
LOOP_LAG = Histogram("parley_event_loop_lag_seconds", "How late the process's event loop is.")


class _UnderWay:
    """A block that counts a call for as long as it runs; one for all calls, and no generator for each."""

    def __init__(self) -> None:
        self.calls = 0

    def __enter__(self) -> None:
        self.calls += 1

    def __exit__(self, *_: object) -> None:
        self.calls -= 1


under_way = _UnderWay()
IN_FLIGHT = Gauge("parley_calls_in_flight", "Calls under way.", lambda: under_way.calls)


def count(entry: Entry) -> None:
    """Count an attempt, or an answer from the cache."""
    reply = entry.reply
    provider, _, model = reply.model.partition(":")
    what = (provider, model, entry.request.feature)
    CALLS.add(*what, entry.outcome, "yes" if reply.cached else "no")
    if reply.cached:
        SAVED.add(*what, by=float(reply.saved or 0))
        return
    for kind, tokens in _tokens(entry):
        if tokens:
            TOKENS.add(*what, kind, by=tokens)
    if reply.cost is None:
        UNPRICED.add(*what)
    elif reply.cost:
        COST.add(*what, by=float(reply.cost))
    if reply.total_ms is not None:
        SECONDS.observe(reply.total_ms / 1000, provider, model)
    if reply.first_token_ms is not None:
        FIRST_TOKEN.observe(reply.first_token_ms / 1000, provider, model)


def _tokens(entry: Entry) -> tuple[tuple[str, int], ...]:
    usage = entry.reply.usage
    return (
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cached", usage.cached_tokens),
        ("reasoning", usage.reasoning_tokens),
    )
