"""Rows of the ledger for tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from llm.ids import uuid7
from llm.models import Call

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_call(
    user: User | None = None, *, model: str = "local:smollm2", at: datetime = NOON, **values: Any
) -> Call:
    """Book a call of 30 tokens in and 20 out that cost nothing, unless `values` say otherwise."""
    provider, _, name = model.partition(":")
    defaults = {
        "request_id": uuid7(),
        "feature": "chat",
        "outcome": "ok",
        "finish": "stop",
        "input_tokens": 30,
        "output_tokens": 20,
        "cost": Decimal(0),
        "first_token_ms": 210,
        "total_ms": 900,
    }
    return Call.objects.create(user=user, provider=provider, model=name, created_at=at, **defaults | values)


def make_hit(user: User | None = None, **values: Any) -> Call:
    """Book an answer from the cache."""
    return make_call(user, cached=True, input_tokens=0, output_tokens=0, **values)
