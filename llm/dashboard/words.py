"""A cost as a page says it."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from llm.amounts import plural
from llm.usage import Figures


def cost_words(figures: Figures) -> str | SafeString:
    """Show a cost; "free" and "unknown" are words, so they are quiet, and "+" says that it is the least."""
    if figures.known_cost and figures.unpriced_calls:
        title = f"at least: {plural(figures.unpriced_calls, 'call')} without a price"
        return format_html('<span title="{}">{}+</span>', title, figures.charge)
    return quiet(figures.charge)


def quiet(text: str) -> str | SafeString:
    """Return an amount as it is, a word in its place muted."""
    return text if text.startswith("$") else format_html('<span class="muted">{}</span>', text)
