"""The id of the request, for pages that tell of a fault: they are rendered without any context."""

from django import template

from llm import origin

register = template.Library()


@register.simple_tag
def correlation_id() -> str:
    """Return the id of the request that is being answered, "" where there is none."""
    return origin.current_id()
