"""What the page can show: for each measure what bars are long by, and which columns tables have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from llm.amounts import dollars, seconds, short
from llm.dashboard.seen import Seen
from llm.dashboard.words import cost_words

type Shown = str | SafeString


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures; one that is not `narrow` gives way on a phone."""

    head: str
    show: Callable[[Seen], Shown]
    narrow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`of` is what tables are sorted and bars are long by, `show` says one value of a chart."""

    name: str
    of: Callable[[Seen], Decimal]
    show: Callable[[Decimal], str]
    columns: tuple[Column, ...]

    @property
    def main(self) -> Column:
        """What the bars show."""
        return self.columns[0]

    @property
    def rest(self) -> tuple[Column, ...]:
        return self.columns[1:]

    @property
    def calls(self) -> Column:
        """The column that says how many."""
        return next(column for column in self.columns if column.head == "Calls")


def milliseconds(value: Decimal) -> str:
    """Return a wait as a chart has it."""
    return seconds(int(value))


def _errors(seen: Seen) -> Shown:
    return (
        format_html('<span class="worse">{}</span>', seen.error_share)
        if seen.is_failing
        else seen.error_share
    )


COST = Column("Cost", lambda seen: cost_words(seen.figures), narrow=True)
CALLS = Column("Calls", lambda seen: f"{seen.figures.calls:,}", narrow=True)
TOKENS = Column("Tokens", lambda seen: short(seen.figures.tokens), narrow=True)
HITS = Column("Cache hits", lambda seen: seen.hit_share)
ERRORS = Column("Errors", _errors)
FIRST = Column("First token, p95", lambda seen: seconds(seen.first_token(95)))
SLOW = Column("Answer, p95", lambda seen: seconds(seen.whole(95)), narrow=True)

MEASURES = {
    measure.name: measure
    for measure in (
        Measure(
            name="cost",
            of=lambda seen: seen.figures.known_cost,
            show=dollars,
            columns=(
                COST,
                CALLS,
                Column("Tokens", TOKENS.show),
                HITS,
                Column("Saved", lambda seen: dollars(seen.figures.saved)),
                FIRST,
                Column("Answer, p95", SLOW.show),
                ERRORS,
            ),
        ),
        Measure(
            name="tokens",
            of=lambda seen: Decimal(seen.figures.tokens),
            show=short,
            columns=(
                TOKENS,
                Column("Input", lambda seen: short(seen.figures.input_tokens)),
                Column("of it cached", lambda seen: short(seen.figures.cached_tokens)),
                Column("Output", lambda seen: short(seen.figures.output_tokens)),
                Column("of it reasoning", lambda seen: short(seen.figures.reasoning_tokens)),
                CALLS,
                Column("Cost", COST.show),
            ),
        ),
        Measure(
            name="calls",
            of=lambda seen: Decimal(seen.figures.calls),
            show=short,
            columns=(
                CALLS,
                Column("Failed", lambda seen: f"{seen.figures.errors:,}"),
                ERRORS,
                Column("From the cache", lambda seen: f"{seen.figures.cached_calls:,}"),
                HITS,
                Column("Cost", COST.show, narrow=True),
            ),
        ),
        Measure(
            name="time",
            of=lambda seen: Decimal(seen.whole(95) or 0),
            show=milliseconds,
            columns=(
                SLOW,
                Column("Answer, p50", lambda seen: seconds(seen.whole(50))),
                FIRST,
                Column("First token, p50", lambda seen: seconds(seen.first_token(50))),
                CALLS,
                ERRORS,
            ),
        ),
    )
}
