"""What a thread shows: a model's words, and the figures of an answer."""

from decimal import Decimal

from django import template
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.cards import Card
from chat.rendering import label_tables, render
from llm import amounts, catalog

register = template.Library()

TOOLS = {"calculate": "i-calc", "search": "i-search", "fetch_url": "i-globe"}
KINDS = {"model": "i-compass", "note": "i-info", "tool": "i-cog"}


@register.filter
def prose(text: str) -> SafeString:
    """Return Markdown as safe HTML."""
    return mark_safe(label_tables(render(text), _("Table")))  # noqa: S308 nh3 made it


@register.filter
def in_words(sentence: str) -> str:
    """Return a sentence that was stored in English in the reader's language, if it is known."""
    return _(sentence) if sentence else ""


@register.filter
def seconds(ms: int | None) -> str:
    """Return `1.8 s`."""
    return amounts.seconds(ms).replace(".", formats.get_format("DECIMAL_SEPARATOR"))


@register.filter
def charge(cost: Decimal | None) -> str:
    """Return `free`, `unknown` or dollars."""
    return {"free": _("free"), "unknown": _("unknown")}.get(said := amounts.charge(cost, used=True), said)


@register.filter
def digits(number: int) -> str:
    """Return `1,590`."""
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def mark(card: Card) -> str:
    """Return the icon of a step."""
    return TOOLS.get(card.tool) or KINDS[card.kind]


@register.filter
def model_name(model: str) -> str:
    """Return the name of `provider:model` without its provider."""
    return catalog.split(model)[1] or model
