"""What a thread shows: a model's words, and the figures of an answer."""

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString, mark_safe

from chat.rendering import render
from llm import amounts, catalog

register = template.Library()

register.filter("seconds", amounts.seconds)


@register.filter
def prose(text: str) -> SafeString:
    """Return Markdown as safe HTML."""
    return mark_safe(render(text))  # noqa: S308 nh3 made it


@register.filter
def charge(cost: Decimal | None) -> str:
    """Return `free`, `unknown` or dollars."""
    return amounts.charge(cost, used=True)


@register.filter
def digits(number: int) -> str:
    """Return `1,590`."""
    return f"{number:,}"


@register.filter
def model_name(model: str) -> str:
    """Return the name of `provider:model` without its provider."""
    return catalog.split(model)[1] or model
