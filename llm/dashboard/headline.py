"""The eight figures on top of the dashboard, each with what it was before.

Only a change by a tenth or more is called better or worse: less is noise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from llm.amounts import NOTHING, dollars, percent, plural, seconds, short
from llm.dashboard.seen import Seen
from llm.usage import Figures

UP, DOWN = "↑", "↓"


@dataclass(frozen=True, slots=True)
class Headline:
    """`tone` is "better" or "worse" where a direction is good or bad, else ""; `note` says more.

    `only` names the calls behind it, as the list of calls knows them.
    """

    term: str
    value: str
    change: str
    tone: str = ""
    note: str = ""
    only: str = ""


def headlines(now: Seen, before: Seen) -> list[Headline]:
    """Return what to show of a period beside the one before it."""
    mine, theirs = now.figures, before.figures
    return [
        _cost(mine, theirs),
        Headline("Calls", f"{mine.calls:,}", _growth(mine.calls, theirs.calls, "{:,}".format)),
        _tokens(mine, theirs),
        _errors(mine, theirs),
        _hits(mine, theirs),
        Headline("Saved by the cache", dollars(mine.saved), _growth(mine.saved, theirs.saved, dollars)),
        _wait("First token, p95", now.first_token, before.first_token),
        _wait("Answer, p95", now.whole, before.whole),
    ]


def _cost(now: Figures, before: Figures) -> Headline:
    if now.unpriced_calls:
        said = f"at least; {plural(now.unpriced_calls, 'call')} unpriced"
        return Headline("Cost", now.charge, said, only="unpriced")
    if not now.known_cost and not before.known_cost:
        return Headline("Cost", now.charge, "nothing was charged")
    return Headline("Cost", now.charge, _growth(now.known_cost, before.known_cost, dollars))


def _growth[N: (int, Decimal)](now: N, before: N, show: Callable[[N], str]) -> str:
    """More or less is neither good nor bad."""
    if now == before:
        return "as before"
    if not before:
        return "none before"
    sign = UP if now > before else DOWN
    shown = show(before)
    if now > before * 10:
        return f"{sign} from {shown}"
    return f"{sign} {percent(abs(now - before), before)} from {shown}"


def _tokens(now: Figures, before: Figures) -> Headline:
    return Headline("Tokens", short(now.tokens), _growth(now.tokens, before.tokens, short), note=_kinds(now))


def _kinds(now: Figures) -> str:
    """What tokens were of."""
    kinds = (
        (now.input_tokens, "input"),
        (now.cached_tokens, "of it cached"),
        (now.output_tokens, "output"),
        (now.reasoning_tokens, "of it reasoning"),
    )
    return ", ".join(f"{short(count)} {kind}" for count, kind in kinds if count)


def _errors(now: Figures, before: Figures) -> Headline:
    if not now.calls:
        return Headline("Errors", NOTHING, "no calls")
    note = f"{now.errors:,} of {plural(now.calls, 'call')}"
    return _rate("Errors", now.errors, now.calls, before.errors, before.calls, more_is="worse", note=note)


def _hits(now: Figures, before: Figures) -> Headline:
    if not now.answers:
        return Headline("Cache hits", NOTHING, "no answers")
    note = f"{now.cached_calls:,} of {plural(now.answers, 'answer')}"
    pairs = now.cached_calls, now.answers, before.cached_calls, before.answers
    return _rate("Cache hits", *pairs, more_is="better", note=note)


def _rate(
    term: str, part: int, whole: int, part_before: int, whole_before: int, *, more_is: str, note: str
) -> Headline:
    only = ("errors" if more_is == "worse" else "cached") if part else ""
    shown = percent(part, whole)
    if not whole_before:
        return Headline(term, shown, "none before", note=note, only=only)
    was = percent(part_before, whole_before)
    if shown == was:
        return Headline(term, shown, "as before", note=note, only=only)
    more = part * whole_before > part_before * whole
    less_is = "worse" if more_is == "better" else "better"
    slight = abs(part * whole_before - part_before * whole) * 10 < part_before * whole
    tone = "" if slight else more_is if more else less_is
    return Headline(term, shown, f"{UP if more else DOWN} from {was}", tone, note=note, only=only)


def _wait(term: str, now: Callable[[int], int | None], before: Callable[[int], int | None]) -> Headline:
    slow, half, was = now(95), now(50), before(95)
    if slow is None:
        return Headline(term, NOTHING, "nothing to measure")
    note = f"p50 {seconds(half)}"
    if was is None:
        return Headline(term, seconds(slow), "none before", note=note)
    if slow == was:
        return Headline(term, seconds(slow), "as before", note=note)
    sign, tone = (UP, "worse") if slow > was else (DOWN, "better")
    tone = "" if abs(slow - was) * 10 < was else tone
    return Headline(term, seconds(slow), f"{sign} from {seconds(was)}", tone, note=note)
