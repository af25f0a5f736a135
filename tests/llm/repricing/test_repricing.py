"""Pricing calls anew: shown first, then corrected to the cent, whoever dies meanwhile, and written down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from llm import runloop
from llm.models import Call, ModelPrice, Repricing
from llm.rates import book
from llm.repricing import service, sums
from llm.repricing.walk import carry_out
from llm.usage import Figures, summary
from llm.usage.rolling import roll_up
from tests.llm.factories import NOON, made_up, make_call, make_hit

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
Status = Repricing.Status


@pytest.fixture(autouse=True)
def _no_price_outlives_its_test() -> Iterator[None]:
    yield
    ModelPrice.objects.all().delete()
    book.read()


def price(model: str = "set-by-staff", **values: Any) -> ModelPrice:
    given = {"provider": "openai", "model": model, "starts_at": SINCE, "input": 2, "output": 10}
    return ModelPrice.objects.create(**given | values)


def asked(model: str = "") -> Repricing:
    return service.look(Repricing(since=SINCE, until=UNTIL, model=model))


def worked(row: Repricing, seconds: float = 60, part: int = 500) -> Repricing:
    runloop.wait(carry_out(row.pk, seconds=seconds, part=part))
    row.refresh_from_db()
    return row


def corrected(row: Repricing, person: User) -> Repricing:
    assert service.correct(row.pk, person)
    return worked(row)


def ledger() -> Decimal:
    return Call.objects.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)


def test_the_difference_is_shown_before_anything_changes() -> None:
    make_call(model="openai:set-by-staff", cost=None)
    make_call(model="openai:set-by-staff", cost=Decimal("0.00026"))  # right already
    make_call(model="openai:gone", cost=Decimal(1))
    make_hit(model="openai:set-by-staff", saved=Decimal(1))
    price()
    row = worked(asked())
    assert (row.status, row.seen, row.total) == (Status.READY, 3, 3)
    found = sums.loaded(row.found)
    whole = sums.total(found)
    assert (whole.calls, whole.changed, whole.unknown) == (3, 1, 1)
    assert found["openai:set-by-staff"].difference == Decimal("0.00026")  # 30 at 2, 20 at 10
    assert found["openai:gone"].new == Decimal(1)
    assert Call.objects.filter(cost=None).count() == 1


def test_calls_are_corrected_and_every_total_follows(alice: User, bob: User, carol: User) -> None:
    made_up([alice, bob, None], 5)
    roll_up(NOON + DAY)
    price("m", input=3, cached=1)
    price("m", input=4, starts_at=NOON - 9 * DAY)
    row = corrected(worked(asked()), carol)
    assert row.status == Status.DONE
    done = sums.total(sums.loaded(row.done))
    assert done == sums.total(sums.loaded(row.found))
    assert done.changed > 5
    before_rolling = _everything(carol)
    assert before_rolling["total"].known_cost == ledger()
    roll_up(NOON + DAY)
    assert _everything(carol) == before_rolling
    for call in Call.objects.filter(model="m", provider="openai", cached=False, input_tokens__gt=0):
        per = Decimal(4 if call.created_at >= NOON - 9 * DAY else 3)
        assert call.cost == (call.input_tokens * per + call.output_tokens * 10) / 1_000_000


def _everything(viewer: User) -> dict[str, Figures]:
    found = {"total": summary(viewer, since=SINCE, until=UNTIL).total}
    for key in ("day", "hour", "model", "user", "key", "prompt_version"):
        one = summary(viewer, since=SINCE, until=UNTIL, by=(key,))
        assert one.total == found["total"]
        found |= {f"{key} {row.keys}": row.figures for row in one.rows}
    return found


def test_a_worker_that_dies_is_followed_by_another(carol: User) -> None:
    for number in range(5):
        make_call(model="openai:set-by-staff", cost=None, at=NOON + timedelta(minutes=number // 2))
    price()
    row = asked()
    assert worked(row, seconds=0, part=2).seen == 2  # one part, and the next slice is queued
    assert [worked(row, seconds=0, part=2).seen for _ in range(2)] == [4, 5]
    assert worked(row).status == Status.READY
    assert service.correct(row.pk, carol)
    assert worked(row, seconds=0, part=2).seen == 2
    assert Call.objects.exclude(cost=None).count() == 2
    assert worked(row).status == Status.DONE
    assert sums.total(sums.loaded(row.done)).changed == 5
    assert ledger() == 5 * Decimal("0.00026")


def test_what_was_shown_by_other_prices_is_looked_through_again(carol: User) -> None:
    make_call(model="openai:set-by-staff", cost=None)
    price()
    row = worked(asked())
    price(input=9, starts_at=SINCE + DAY)
    with pytest.raises(service.PricesChanged):
        service.correct(row.pk, carol)
    assert Call.objects.get().cost is None
    assert worked(row).status == Status.READY
    corrected(row, carol)
    assert Call.objects.get().cost == Decimal("0.00047")


def test_only_the_named_model_and_time(carol: User) -> None:
    make_call(model="openai:set-by-staff", cost=None)
    make_call(model="openai:set-by-staff", cost=None, at=UNTIL)
    make_call(model="openai:gpt-4o", cost=None)
    price()
    row = worked(asked("openai:set-by-staff"))
    assert list(sums.loaded(row.found)) == ["openai:set-by-staff"]
    corrected(row, carol)
    assert Call.objects.exclude(cost=None).count() == 1


class TestAdmin:
    def test_asked_for_agreed_to_and_written_down(self, client: Client, carol: User) -> None:
        make_call(model="openai:set-by-staff", cost=None)
        price()
        client.force_login(carol)
        form = {"since": "2026-10-01", "until": "2026-11-30", "model": "openai:set-by-staff"}
        address = client.post("/admin/llm/repricing/add/", form)["Location"]
        row = Repricing.objects.get()
        assert (row.asked_by, row.status) == (carol, Status.LOOKING)
        assert "data-progress" in client.get(address).content.decode()
        worked(row)
        shown = client.get(address).content.decode()
        assert "Correct 1 call<" in shown
        assert "$0.00026" in shown
        client.post(reverse("admin:llm_repricing_correct", args=[row.pk]))
        worked(row)
        assert "What it has changed" in client.get(address).content.decode()
        row.refresh_from_db()
        assert (row.agreed_by, row.status) == (carol, Status.DONE)
        said = [entry.change_message for entry in LogEntry.objects.filter(user=carol, object_id=row.pk)]
        assert any("+$0.00026" in words for words in said)
        stands = client.get(reverse("admin:llm_repricing_progress", args=[row.pk])).json()
        assert (stands["active"], stands["told"]) == (False, "1 of 1 calls")

    def test_it_is_dropped(self, client: Client, carol: User) -> None:
        make_call(model="openai:set-by-staff", cost=None)
        price()
        row = worked(asked())
        client.force_login(carol)
        client.post(reverse("admin:llm_repricing_drop", args=[row.pk]))
        row.refresh_from_db()
        assert row.status == Status.DROPPED
        assert not service.correct(row.pk, carol)
        assert Call.objects.get().cost is None

    def test_a_day_before_the_first_is_refused(self, client: Client, carol: User) -> None:
        client.force_login(carol)
        form = {"since": "2026-10-02", "until": "2026-10-01"}
        page = client.post("/admin/llm/repricing/add/", form).content.decode()
        assert "This day is before the first." in page
        assert not Repricing.objects.exists()

    def test_who_may_only_look_corrects_nothing(self, client: Client, alice: User) -> None:
        alice.is_staff = True
        alice.save()
        alice.user_permissions.add(Permission.objects.get(codename="view_repricing"))
        client.force_login(alice)
        row = worked(asked())
        address = reverse("admin:llm_repricing_change", args=[row.pk])
        assert client.get(address).status_code == 200
        for what in ("correct", "drop"):
            assert client.post(reverse(f"admin:llm_repricing_{what}", args=[row.pk])).status_code == 403
        assert client.get("/admin/llm/repricing/add/").status_code == 403
        assert client.post(address, {}).status_code in (200, 403)
        row.refresh_from_db()
        assert row.status == Status.READY
