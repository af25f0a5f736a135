import asyncio
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from llm import ledger, runloop
from llm.entry import Entry
from llm.models import Call
from llm.types import Owner, PromptRef, Usage
from tests.llm.layers.fakes import answer, ask

pytestmark = pytest.mark.django_db(transaction=True)


NOBODY = Owner()


def entry(owner: Owner = NOBODY) -> Entry:
    return Entry(
        request=ask(
            feature="chat",
            prompt=PromptRef(slug="assistant", version=3),
            owner=owner,
        ),
        reply=answer("Hi", usage=Usage(input_tokens=31, output_tokens=24), cost=Decimal("0.000000004")),
        outcome="ok",
        error="",
    )


def test_an_entry_is_durable_when_write_returns(alice: User) -> None:
    booked = entry(owner=Owner(user_id=alice.pk))
    runloop.wait(ledger.write(booked))
    call = Call.objects.get()
    assert (call.request_id, call.user, call.feature) == (booked.request.id, alice, "chat")
    assert (call.provider, call.model, call.outcome) == ("openai", "gpt-5.6-luna", "ok")
    assert (call.prompt, call.prompt_version) == ("assistant", 3)
    assert (call.input_tokens, call.output_tokens, call.cost) == (31, 24, Decimal("0.000000004"))


def test_a_thousand_at_once_are_all_there() -> None:
    async def many() -> None:
        await asyncio.gather(*(ledger.write(entry()) for _ in range(1000)))

    runloop.wait(many())
    assert Call.objects.count() == 1000


def test_an_owner_who_is_gone_costs_nobody_a_row(alice: User) -> None:
    async def both() -> None:
        await asyncio.gather(
            *(ledger.write(entry(owner=Owner(user_id=pk))) for pk in (alice.pk, 999_999)),
        )

    runloop.wait(both())
    assert set(Call.objects.values_list("user", flat=True)) == {alice.pk, None}


def test_the_ledger_opens_again_after_it_was_closed() -> None:
    runloop.wait(ledger.write(entry()))
    runloop.stop()
    runloop.wait(ledger.write(entry()))
    assert Call.objects.count() == 2
