"""The usage page, opened as somebody."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def page(client: Client) -> "Page":
    return Page(client)


class Page:
    """Opens the usage page as somebody and reads it as words."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def html(self, who: User, query: str = "") -> str:
        self.client.force_login(who)
        answer = self.client.get(f"/usage/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    def words(self, who: User, query: str = "") -> str:
        text = unescape(re.sub(r"<[^>]+>", " ", self.html(who, query)))
        return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())
