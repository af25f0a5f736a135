"""Numbers of the ledger in templates."""

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from llm import amounts
from llm.dashboard.measures import Column, Shown
from llm.dashboard.outcomes import Outcome, outcome_of
from llm.dashboard.seen import Seen
from llm.dashboard.words import cost_words, quiet
from llm.models import Call

register = template.Library()

register.filter("short", amounts.short)
register.filter("seconds", amounts.seconds)
register.filter("dollars", amounts.dollars)
register.filter("cost", cost_words)


@register.filter
def grouped(number: int) -> str:
    """Return `1,590`."""
    return f"{number:,}"


@register.filter
def call_tokens(call: Call) -> str:
    """Return the tokens of one call, in and out."""
    return f"{call.input_tokens + call.output_tokens:,}"


@register.filter
def call_cost(call: Call) -> str | SafeString:
    """Show what one call cost."""
    return quiet(amounts.charge(call.cost, used=bool(call.cached or call.input_tokens or call.output_tokens)))


@register.filter
def outcome(call: Call) -> Outcome:
    """Return how a call ended, in words."""
    return outcome_of(call)


@register.filter
def column(column: Column, seen: Seen) -> Shown:
    """Return what a column shows of some calls."""
    return column.show(seen)


@register.filter
def exact(amount: Decimal | None) -> str:
    """Return a cost with all its digits."""
    return "unknown" if amount is None else "$" + (f"{amount:f}".rstrip("0").rstrip(".") or "0")
