"""Rows that go in by one statement come out as if the ORM had written them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, connection

from llm.ids import uuid7
from llm.inserting import insert as insert_values
from llm.inserting import upsert
from llm.models import CachedReply, Call, CallBody

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)
ODD = "tab\there, \"quote\", 'quote', \\N, \\., new\nline, 100%s %d, \u2028 \U0001f600"


def insert(rows: list[Any]) -> None:
    """Insert what instances of a model hold."""
    fields = rows[0]._meta.concrete_fields
    insert_values(
        type(rows[0]), [{field.attname: getattr(row, field.attname) for field in fields} for row in rows]
    )


def calls(user: User) -> list[Call]:
    """A row with every value and one with as few as there can be."""
    few: dict[str, Any] = {
        "request_id": uuid7(), "created_at": AT, "feature": "", "provider": "openai", "model": "m",
        "correlation_id": "",
    }  # fmt: skip
    return [
        Call(**few, outcome="ok"),
        Call(
            **few | {"feature": "chat"}, user=user, prompt="assistant", prompt_version=3, outcome="fault",
            error=ODD, cached=True, estimated=True, input_tokens=2**31 - 1, cost=Decimal("0.000000001"),
            saved=Decimal("123456789.123456789"), first_token_ms=0, total_ms=1, upstream_id="é",
        ),
    ]  # fmt: skip


def values(rows: list[Any]) -> list[dict[str, Any]]:
    found = type(rows[0]).objects.order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in ("id", "call_id")} for row in found]


def test_the_values_are_those_that_the_orm_writes(alice: User) -> None:
    ours, orms = calls(alice), calls(alice)
    for ours_one, orms_one in zip(ours, orms, strict=True):
        orms_one.request_id = ours_one.request_id
    insert(ours)
    written = values(ours)
    Call.objects.all().delete()
    Call.objects.bulk_create(orms)
    assert written == values(orms)


def test_json_is_kept(alice: User) -> None:
    [call, _] = rows = calls(alice)
    insert(rows)
    told = {"text": ODD, "list": [1, 2.5, None, True, {"a": "b"}]}
    insert([CallBody(call=call, request=told, reply={})])
    assert CallBody.objects.get() == CallBody(call=call)
    assert CallBody.objects.get().request == told


def test_what_the_database_refuses_is_an_error_of_django(alice: User) -> None:
    [call, _] = calls(alice)
    insert([call])
    with pytest.raises(IntegrityError):
        insert([call])


def test_so_is_what_does_not_fit(alice: User) -> None:
    [call, _] = calls(alice)
    call.feature = "\x00" if connection.vendor == "postgresql" else None  # type: ignore[assignment]
    with pytest.raises((DataError, IntegrityError)):
        insert([call])


def kept(key: str, **values: Any) -> dict[str, Any]:
    few: dict[str, Any] = {"user_id": None, "model": "openai:m", "reply": {}, "cost": None}
    return few | {"key": key, "created_at": AT, "expires_at": AT} | values


def test_an_upsert_overwrites_what_is_there_and_the_last_of_equal_keys_wins(alice: User) -> None:
    upsert(CachedReply, [kept("a", reply={"text": "old"}), kept("b")])
    upsert(CachedReply, [kept("a"), kept("a", reply={"text": ODD}, user_id=alice.pk, cost=Decimal("0.5"))])
    [a, b] = CachedReply.objects.order_by("key")
    assert (a.reply, a.user, a.cost, a.expires_at) == ({"text": ODD}, alice, Decimal("0.5"), AT)
    assert (b.key, b.reply, b.cost) == ("b", {}, None)


def test_an_upsert_of_nothing_does_nothing() -> None:
    upsert(CachedReply, [])
    assert not CachedReply.objects.exists()
