"""A viewer without permission sees only their own usage: by page, by REST and by export."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.test import Client

from llm.models import ApiKey
from tests.llm.factories import make_call

SECRETS = ("secret-project", "alices-key", "$7.5")


@pytest.fixture
def key(alice: User, bob: User) -> ApiKey:
    """Alice's key, with which she spent 7.50; Bob spent 0.25."""
    key = ApiKey.objects.issue(user=alice, name="alices-key")[0]
    now = datetime.now(UTC)
    make_call(alice, at=now, key=key, feature="secret-project", model="openai:m", cost=Decimal("7.5"))
    make_call(bob, at=now, feature="bobs", model="openai:n", cost=Decimal("0.25"))
    return key


def by_rest(client: Client, query: str) -> tuple[str, Decimal]:
    answer = client.get(f"/api/v1/usage?{query}")
    return answer.content.decode(), Decimal(answer.json()["total"]["cost"])


def by_csv(client: Client, query: str) -> tuple[str, Decimal]:
    sheet = client.get(f"/usage/export.csv?{query}").content.decode()
    return sheet, sum((Decimal(row["cost"]) for row in csv.DictReader(StringIO(sheet))), Decimal(0))


def by_json(client: Client, query: str) -> tuple[str, Decimal]:
    answer = client.get(f"/usage/export.json?{query}")
    return answer.content.decode(), sum((Decimal(row["cost"]) for row in answer.json()["rows"]), Decimal(0))


@pytest.mark.parametrize("way", [by_rest, by_csv, by_json])
@pytest.mark.parametrize(
    ("query", "own", "everybodys"),
    [
        ("", "0.25", "7.75"),
        ("by=user", "0.25", "7.75"),
        ("by=key", "0.25", "7.75"),
        ("by=hour", "0.25", "7.75"),
        ("user=bob", "0.25", "0.25"),
        ("user=alice", "0", "7.5"),
        ("key={key}", "0", "7.5"),
        ("feature=secret-project", "0", "7.5"),
    ],
)
def test_sums_are_the_viewers_own(
    bob: User,
    carol: User,
    key: ApiKey,
    client: Client,
    way: Callable[[Client, str], tuple[str, Decimal]],
    query: str,
    own: str,
    everybodys: str,
) -> None:
    asked = query.format(key=key.pk)
    client.force_login(bob)
    told, total = way(client, asked)
    assert total == Decimal(own)
    assert [secret for secret in SECRETS if secret in told] == []
    client.force_login(carol)
    assert way(client, asked)[1] == Decimal(everybodys)


@pytest.mark.parametrize("address", ["/usage/", "/usage/calls/", "/budgets/", "/account/"])
@pytest.mark.parametrize(
    "query", ["", "by=user", "by=key", "user=alice", "key={key}", "measure=time&by=user"]
)
def test_pages_hold_nothing_of_others(
    bob: User, key: ApiKey, client: Client, address: str, query: str
) -> None:
    client.force_login(bob)
    told = client.get(f"{address}?{query.format(key=key.pk)}").content.decode()
    assert [secret for secret in SECRETS if secret in told] == []
