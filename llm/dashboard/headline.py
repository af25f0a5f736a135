"""The six figures on top of the dashboard, each with what it was before.

Only a change by a tenth or more is called better or worse: less is noise.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from llm.amounts import NOTHING, dollars, percent, plural, seconds, short
from llm.usage import Figures

UP, DOWN = "↑", "↓"


@dataclass(frozen=True, slots=True)
class Headline:
    """`tone` is "better" or "worse" where a direction is good or bad, else ""."""

    term: str
    value: str
    change: str
    tone: str = ""


def headlines(
    now: Figures, before: Figures, *, first_token: int | None, first_token_before: int | None
) -> list[Headline]:
    """Return what to show of a period beside the one before it."""
    return [
        Headline("Cost", now.charge, _cost_change(now, before)),
        Headline("Tokens", short(now.tokens), _tokens_change(now, before)),
        Headline("Calls", f"{now.calls:,}", _growth(now.calls, before.calls, str)),
        _errors(now, before),
        _cache(now, before),
        _wait(first_token, first_token_before),
    ]


def _cost_change(now: Figures, before: Figures) -> str:
    if now.unpriced_calls:
        return f"at least; {plural(now.unpriced_calls, 'call')} unpriced"
    if not now.known_cost and not before.known_cost:
        return "nothing was charged"
    return _growth(now.known_cost, before.known_cost, dollars)


def _growth[N: (int, Decimal)](now: N, before: N, show: Callable[[N], str]) -> str:
    """More or less is neither good nor bad."""
    if now == before:
        return "as before"
    if not before:
        return "none before"
    sign = UP if now > before else DOWN
    shown = f"{before:,}" if isinstance(before, int) else show(before)
    if now > before * 10:
        return f"{sign} from {shown}"
    return f"{sign} {percent(abs(now - before), before)} from {shown}"


def _tokens_change(now: Figures, before: Figures) -> str:
    if not now.tokens:
        return _growth(0, before.tokens, str)
    inputs = f"{percent(now.input_tokens, now.tokens)} input"
    if not before.tokens or before.tokens * 10 < now.tokens:
        return inputs
    sign = UP if now.tokens >= before.tokens else DOWN
    return f"{sign} {percent(abs(now.tokens - before.tokens), before.tokens)}, {inputs}"


def _errors(now: Figures, before: Figures) -> Headline:
    if not now.calls:
        return Headline("Errors", NOTHING, "no calls")
    value = percent(now.errors, now.calls)
    if not before.calls:
        return Headline("Errors", value, f"{now.errors:,} of {plural(now.calls, 'call')}")
    return _rate("Errors", now.errors, now.calls, before.errors, before.calls, more_is="worse")


def _cache(now: Figures, before: Figures) -> Headline:
    if not now.answers:
        return Headline("Cache hits", NOTHING, "no answers")
    saved = f"saved {dollars(now.saved)}" if now.saved else ""
    if not before.answers:
        value = percent(now.cached_calls, now.answers)
        return Headline("Cache hits", value, saved or f"{now.cached_calls:,} of {now.answers:,}")
    rate = _rate(
        "Cache hits", now.cached_calls, now.answers, before.cached_calls, before.answers, more_is="better"
    )
    return replace(rate, change=f"{rate.change}, {saved}") if saved else rate


def _rate(term: str, part: int, whole: int, part_before: int, whole_before: int, *, more_is: str) -> Headline:
    shown, was = percent(part, whole), percent(part_before, whole_before)
    if shown == was:
        return Headline(term, shown, "as before")
    more = part * whole_before > part_before * whole
    less_is = "worse" if more_is == "better" else "better"
    tone = more_is if more else less_is
    slight = abs(part * whole_before - part_before * whole) * 10 < part_before * whole
    return Headline(term, shown, f"{UP if more else DOWN} from {was}", "" if slight else tone)


def _wait(now: int | None, before: int | None) -> Headline:
    term = "First token, p95"
    if now is None:
        return Headline(term, NOTHING, "nothing streamed")
    if before is None:
        return Headline(term, seconds(now), "none before")
    if now == before:
        return Headline(term, seconds(now), "as before")
    sign, tone = (UP, "worse") if now > before else (DOWN, "better")
    tone = "" if abs(now - before) * 10 < before else tone
    return Headline(term, seconds(now), f"{sign} from {seconds(before)}", tone)
