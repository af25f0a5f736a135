"""Prices that staff set: what they come to, from when on, and how soon a process knows them."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from llm import pricing
from llm.layers.prices import Prices
from llm.models import ModelPrice
from llm.rates import REMEMBERED, Book, Rate, book
from llm.types import Message, Reply, Request, Usage, discard
from tests.llm.factories import NOON

DAY = timedelta(days=1)
USED = Usage(
    input_tokens=1000, cached_tokens=400, cache_write_tokens=100, output_tokens=500, reasoning_tokens=200
)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def price(**values: Any) -> ModelPrice:
    given = {"provider": "openai", "model": "set-by-staff", "starts_at": NOON, "input": 2, "output": 10}
    return ModelPrice.objects.create(**given | values)


def test_each_token_is_counted_once_at_its_own_price() -> None:
    rate = Rate(
        starts_at=NOON,
        input=Decimal(2),
        output=Decimal(10),
        cached=Decimal(1),
        cache_write=Decimal(4),
        reasoning=Decimal(20),
    )
    assert rate.cost(USED) == Decimal("0.0088")  # 500 at 2, 400 at 1, 100 at 4, 300 at 10, 200 at 20


def test_a_part_without_a_price_costs_what_its_whole_does() -> None:
    assert Rate(starts_at=NOON, input=Decimal(2), output=Decimal(10)).cost(USED) == Decimal("0.007")


def test_counts_that_contradict_each_other_have_no_price() -> None:
    rate = Rate(starts_at=NOON, input=Decimal(2), output=Decimal(10))
    assert rate.cost(Usage(input_tokens=1, cached_tokens=2)) is None
    assert rate.cost(Usage(output_tokens=1, reasoning_tokens=2)) is None


@pytest.mark.django_db
class TestBook:
    def test_the_newest_that_has_begun_holds(self) -> None:
        price(input=2)
        price(input=3, starts_at=NOON + DAY)
        known = Book()
        known.read()

        def held(at: timedelta) -> Decimal | None:
            rate = known.rate("openai:set-by-staff", NOON + at)
            return rate.input if rate else None

        assert [held(at) for at in (-DAY, timedelta(), DAY / 2, DAY)] == [None, 2, 2, 3]

    def test_a_dated_name_is_its_models_unless_it_has_its_own(self) -> None:
        price(input=2)
        price(input=5, model="set-by-staff-2026-11-02")
        known = Book()
        known.read()
        names = ("set-by-staff-2026-11-01", "set-by-staff-2026-11-02", "another")
        rates = [known.rate(f"openai:{name}", NOON) for name in names]
        assert [rate and rate.input for rate in rates] == [2, 5, None]

    def test_it_is_stale_after_a_second(self) -> None:
        clock = Clock()
        known = Book(clock)
        assert known.stale
        known.read()
        assert not known.stale
        clock.now += REMEMBERED
        assert known.stale


@pytest.mark.django_db(transaction=True)
async def test_a_call_is_made_with_the_prices_of_its_moment() -> None:
    clock = Clock()
    known = Book(clock)
    layer = Prices(known)
    seen = []

    async def call(request: Request, emit: Any) -> Reply:
        rate = known.rate("openai:set-by-staff", NOON)
        seen.append(rate and rate.input)
        return Reply(text="", model="openai:set-by-staff", finish="stop")

    request = Request(messages=(Message(role="user", content="Hi"),))
    await layer(request, discard, call)
    await ModelPrice.objects.acreate(
        provider="openai", model="set-by-staff", starts_at=NOON, input=2, output=2
    )
    await layer(request, discard, call)
    clock.now += REMEMBERED
    await layer(request, discard, call)
    assert seen == [None, None, 2]


@pytest.mark.django_db
def test_a_price_of_staff_comes_before_every_other() -> None:
    price(model="gpt-4o", starts_at=NOON)
    price(provider="local", model="smollm2", starts_at=NOON)
    book.read()
    try:
        usage = Usage(input_tokens=1000)
        assert pricing.cost("openai:gpt-4o", usage, NOON) == Decimal("0.002")
        assert pricing.cost("openai:gpt-4o", usage, NOON - DAY) == Decimal("0.0025")
        assert pricing.cost("local:smollm2", usage, NOON) == Decimal("0.002")
        assert pricing.cost("local:smollm2", usage, NOON - DAY) == 0
    finally:
        ModelPrice.objects.all().delete()
        book.read()


class TestAdmin:
    FORM = {
        "provider": "openai",
        "model": "set-by-staff",
        "starts_at_0": "2026-11-22",
        "starts_at_1": "12:00:00",
        "input": "2.5",
        "output": "10",
        "note": "the contract",
    }

    def test_staff_set_a_price_and_are_told_of_earlier_calls(self, client: Client, carol: User) -> None:
        client.force_login(carol)
        page = client.post("/admin/llm/modelprice/add/", self.FORM, follow=True).content.decode()
        row = ModelPrice.objects.get()
        assert (row.made_by, row.input, row.cached, row.starts_at) == (carol, Decimal("2.5"), None, NOON)
        assert "/admin/llm/repricing/add/?model=openai:set-by-staff&amp;since=2026-11-22" in page
        shown = re.findall(r'<td class="field-(?:input|output|cached)_price[^>]*>([^<]*)<', page)
        assert shown == ["$2.50", "$10.00", "as input"]

    def test_one_a_moment_none_below_zero_and_none_edited(self, client: Client, carol: User) -> None:
        row = price()
        client.force_login(carol)
        again = client.post("/admin/llm/modelprice/add/", self.FORM).content.decode()
        assert "There is a price of this model from that moment on." in again
        below = client.post("/admin/llm/modelprice/add/", self.FORM | {"input": "-1", "starts_at_1": "13:00"})
        assert "greater than or equal to 0" in below.content.decode()
        client.post(f"/admin/llm/modelprice/{row.pk}/change/", self.FORM | {"input": "9"})
        assert [one.input for one in ModelPrice.objects.all()] == [2]

    def test_who_is_no_staff_sees_none(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert client.get("/admin/llm/modelprice/").status_code == 302
        alice.is_staff = True
        alice.save()
        assert client.get("/admin/llm/modelprice/").status_code == 403
