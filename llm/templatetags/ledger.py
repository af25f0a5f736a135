"""Numbers of the ledger in templates."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from llm import amounts
from llm.dashboard.outcomes import Outcome, outcome_of
from llm.models import Call
from llm.usage import Figures

register = template.Library()

register.filter("short", amounts.short)
register.filter("seconds", amounts.seconds)
register.filter("dollars", amounts.dollars)


@register.filter
def grouped(number: int) -> str:
    """Return `1,590`."""
    return f"{number:,}"


@register.filter
def call_tokens(call: Call) -> str:
    """Return the tokens of one call, in and out."""
    return f"{call.input_tokens + call.output_tokens:,}"


@register.filter
def cost(figures: Figures) -> str | SafeString:
    """Show a cost; "free" and "unknown" are words, so they are quiet, and "+" says that it is the least."""
    if figures.known_cost and figures.unpriced_calls:
        title = f"at least: {amounts.plural(figures.unpriced_calls, 'call')} without a price"
        return format_html('<span title="{}">{}+</span>', title, figures.charge)
    return _quiet(figures.charge)


@register.filter
def call_cost(call: Call) -> str | SafeString:
    """Show what one call cost."""
    return _quiet(
        amounts.charge(call.cost, used=bool(call.cached or call.input_tokens or call.output_tokens))
    )


@register.filter
def outcome(call: Call) -> Outcome:
    """Return how a call ended, in words."""
    return outcome_of(call)


@register.filter
def model_name(model: str) -> str:
    """Return the name without its provider."""
    return model.partition(":")[2] or model


@register.filter
def exact(amount: Decimal | None) -> str:
    """Return a cost with all its digits."""
    return "unknown" if amount is None else "$" + (f"{amount:f}".rstrip("0").rstrip(".") or "0")


def _quiet(text: str) -> str | SafeString:
    return text if text.startswith("$") else format_html('<span class="muted">{}</span>', text)
