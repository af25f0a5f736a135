"""Pages as a browser gets them."""

from django.contrib.auth.models import User
from django.test import Client


def html(client: Client, address: str, status: int = 200) -> str:
    """Return a page, which comes with `status`."""
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def seen_by(person: User, address: str) -> str:
    """Return a page as a person gets it."""
    client = Client()
    client.force_login(person)
    return html(client, address)
