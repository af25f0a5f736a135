"""Count the calls to models, as assertNumQueries counts queries, and what they cost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from llm import catalog, ledger
from llm.entry import Entry

SHOWN = 60  # characters of a text


@contextmanager
def assert_llm_calls(
    count: int, *, feature: str | None = None, model: str | None = None
) -> Iterator[list[Entry]]:
    """Fail unless the block makes exactly `count` calls; yields the calls, in order, as they are booked.

    Every attempt that reached a provider counts, a failed one too; an answer from the cache does not.
    `feature` and `model` (`provider:model`, or the bare name) count only theirs. Calls of other processes
    are not seen.
    """
    heard: list[Entry] = []
    counted: list[Entry] = []

    def listen(entry: Entry) -> None:
        heard.append(entry)
        if not entry.reply.cached and _is_meant(entry, feature, model):
            counted.append(entry)

    with ledger.heard_by(listen):
        yield counted
    if len(counted) != count:
        of = "".join(f" of {name}" for name in (feature, model) if name)
        raise AssertionError(f"{_calls(len(counted))}{of}, expected {count}.\n{shown(heard)}")


@contextmanager
def assert_max_cost(most: Decimal | str | int) -> Iterator[list[Entry]]:
    """Fail if the calls in the block cost more than `most` US dollars, or if a price is unknown."""
    heard: list[Entry] = []
    with ledger.heard_by(heard.append):
        yield heard
    unknown = {entry.reply.model for entry in heard if entry.reply.cost is None}
    if unknown:
        raise AssertionError(f"The price of {', '.join(sorted(unknown))} is unknown.\n{shown(heard)}")
    cost = sum((entry.reply.cost or Decimal(0) for entry in heard), Decimal(0))
    if cost > Decimal(most):
        raise AssertionError(f"The calls cost ${cost:f}, at most ${most} was allowed.\n{shown(heard)}")


def shown(entries: Sequence[Entry]) -> str:
    """Return one paragraph a call: who asked whom, what came of it, its price, question and answer."""
    return "\n".join(_line(n, entry) for n, entry in enumerate(entries, 1)) or "No model was called."


def _is_meant(entry: Entry, feature: str | None, model: str | None) -> bool:
    names = (entry.reply.model, catalog.split(entry.reply.model)[1])
    return feature in (None, entry.request.feature) and (model is None or model in names)


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)} to a model"


def _line(number: int, entry: Entry) -> str:
    request, reply = entry.request, entry.reply
    cost = "unknown" if reply.cost is None else f"${reply.cost:f}"
    outcome = "cached" if reply.cached else entry.outcome
    answer = reply.text or ", ".join(f"{call.name}({call.arguments})" for call in reply.tool_calls)
    asked = request.messages[-1].content if request.messages else ""
    return (
        f"  {number}. {request.feature}, {reply.model}: {outcome},"
        f" {reply.usage.input_tokens} in, {reply.usage.output_tokens} out, {cost}\n"
        f"     {_cut(asked)!r} -> {_cut(answer or entry.error)!r}"
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
