"""Who works in the admin."""

from django.contrib.auth.models import User
from django.http import HttpRequest


def person(request: HttpRequest) -> User:
    """Return who is signed in; the admin lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user
