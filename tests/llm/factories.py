"""Rows of the ledger for tests."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from llm.ids import uuid7
from llm.models import ApiKey, Call

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


def made_up(people: list[User | None], seed: int) -> None:
    """Calls of every kind; costs that no binary fraction holds."""
    chance = random.Random(seed)  # noqa: S311 made-up figures
    keys = [ApiKey.objects.issue(user=user, name="k")[0] if user else None for user in people]
    for _ in range(80):
        who = chance.randrange(len(people))
        make_call(
            people[who],
            model=chance.choice(["local:smollm2", "openai:m", "anthropic:m"]),
            at=NOON - timedelta(minutes=chance.randrange(40_000)),
            key=chance.choice([None, keys[who]]),
            feature=chance.choice(["chat", "extract", ""]),
            outcome=chance.choice(["ok", "ok", "stopped", "timed_out"]),
            cached=chance.random() < 0.2,
            input_tokens=chance.randrange(3) * 500,
            cost=chance.choice([None, Decimal(chance.randrange(10**12)) / 10**9]),
            prompt=chance.choice(["", "assistant"]),
            prompt_version=chance.choice([None, 1, 2]),
        )
