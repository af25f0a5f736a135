"""Who asks: config/auth.py has put it on the request."""

from django.http import HttpRequest

from llm.types import Owner


def owner(request: HttpRequest) -> Owner:
    """Return who the request is for: its user, and the API key if one was used."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Owner):
        raise TypeError("This endpoint has no authentication, so its calls have no owner.")
    return found
