import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llm.budgets import service as budgets
from llm.budgets.reservations import Ask, Close, Reservation
from llm.errors import BudgetExceeded
from llm.models import Alert, ApiKey, Budget, BudgetEntry, Call
from llm.types import Owner
from tests.llm.budgets.cases import DIME, NOON, make_budget, reserve, spend, standing

pytestmark = pytest.mark.django_db


def test_without_a_budget_everything_goes() -> None:
    assert reserve("1000000").entries == ()


def test_what_is_reserved_is_taken_and_what_is_settled_is_spent() -> None:
    budget = make_budget()
    held = reserve("1.00")
    assert standing(budget) == ("0.00", "1.00")
    budgets.settle(held, Decimal("0.25"), now=NOON)
    assert standing(budget) == ("0.25", "0.00")


def test_a_release_gives_all_of_it_back() -> None:
    budget = make_budget()
    budgets.release(reserve("1.00"), now=NOON)
    assert standing(budget) == ("0.00", "0.00")
    assert BudgetEntry.objects.get().state == "released"


def test_the_last_cent_may_be_spent_and_no_more() -> None:
    make_budget("0.30")
    for _ in range(3):  # as floats these three are more than 0.30
        reserve("0.10")
    with pytest.raises(BudgetExceeded):
        reserve("0.000000001")


def test_if_one_budget_refuses_none_is_touched(alice: User) -> None:
    whole, hers = make_budget("5"), make_budget("0.05", user=alice)
    with pytest.raises(BudgetExceeded):
        reserve("0.10", owner=Owner(user_id=alice.pk))
    assert standing(whole) == standing(hers) == ("0.00", "0.00")
    assert not BudgetEntry.objects.exists()


def test_a_call_counts_for_all_that_it_belongs_to(alice: User) -> None:
    key, _ = ApiKey.objects.issue(user=alice, name="import")
    applying = [make_budget(), make_budget(user=alice), make_budget(feature="chat"), make_budget(key=key)]
    others = [make_budget("5", "month", feature="extract")]
    reserve("1.00", owner=Owner(user_id=alice.pk, key_id=key.pk))
    assert [standing(budget) for budget in applying] == [("0.00", "1.00")] * 4
    assert [standing(budget) for budget in others] == [("0.00", "0.00")]


def test_the_budget_of_one_person_does_not_hold_another(alice: User, bob: User) -> None:
    make_budget("0.05", user=alice)
    assert reserve("1.00", owner=Owner(user_id=bob.pk)).entries == ()


def test_a_budget_that_is_switched_off_holds_nothing() -> None:
    Budget.objects.filter(pk=make_budget("0.05").pk).update(active=False)
    assert reserve("1.00").entries == ()


def test_settling_twice_books_once() -> None:
    budget = make_budget()
    held = reserve("1.00")
    budgets.settle(held, DIME, now=NOON)
    budgets.settle(held, DIME, now=NOON)
    budgets.release(held, now=NOON)
    assert standing(budget) == ("0.10", "0.00")


def test_a_call_that_cost_more_than_was_reserved_is_booked_in_full() -> None:
    budget = make_budget("1")
    budgets.settle(reserve("1.00"), Decimal("1.50"), now=NOON)
    assert standing(budget) == ("1.50", "0.00")


def test_a_deleted_budget_is_no_trouble_for_the_calls_that_it_held() -> None:
    held = [make_budget(), make_budget("5", "month")]
    reservation = reserve("1.00")
    held[0].delete()
    budgets.settle(reservation, DIME, now=NOON)
    assert standing(held[1]) == ("0.10", "0.00")


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity"])
def test_an_amount_that_is_none_is_a_mistake_of_the_caller(amount: str) -> None:
    with pytest.raises(ValueError, match="makes no sense"):
        reserve(amount)


# Reservations of the dead


def test_what_expired_is_given_back_when_the_room_is_needed() -> None:
    budget = make_budget("0.10")
    reserve(seconds=60)
    with pytest.raises(BudgetExceeded):
        reserve(now=NOON + timedelta(seconds=59))
    reserve(now=NOON + timedelta(seconds=60))
    assert standing(budget) == ("0.00", "0.10")
    assert sorted(BudgetEntry.objects.values_list("state", flat=True)) == ["expired", "reserved"]


def test_a_sweep_gives_back_what_expired() -> None:
    budget = make_budget()
    reserve(seconds=60)
    reserve(seconds=600)
    assert budgets.sweep(NOON + timedelta(seconds=61)) == 1
    assert standing(budget) == ("0.00", "0.10")
    assert budgets.sweep(NOON + timedelta(seconds=61)) == 0


def test_who_settles_after_the_reservation_expired_still_pays() -> None:
    budget = make_budget()
    held = reserve(seconds=60)
    budgets.sweep(NOON + timedelta(seconds=61))
    budgets.settle(held, DIME, now=NOON + timedelta(seconds=90))
    assert standing(budget) == ("0.10", "0.00")


def test_what_a_dead_process_had_on_the_books_is_booked_when_its_reservation_expires() -> None:
    budget, request = make_budget(), uuid.uuid4()
    held = reserve("1.00", request_id=request, seconds=60)
    Call.objects.create(
        request_id=request, cost=Decimal("0.20"), created_at=NOON, feature="chat", outcome="ok"
    )
    budgets.sweep(NOON + timedelta(seconds=61))
    assert standing(budget) == ("0.20", "0.00")
    budgets.settle(held, Decimal("0.20"), now=NOON)  # it was not dead after all
    assert standing(budget) == ("0.20", "0.00")


# Periods


@pytest.mark.parametrize(
    ("period", "later", "free"),
    [
        ("day", datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), False),
        ("day", datetime(2026, 11, 23, tzinfo=UTC), True),
        ("month", datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), False),
        ("month", datetime(2026, 12, 1, tzinfo=UTC), True),
        ("total", datetime(2036, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_budget_begins_anew_with_its_period(period: str, later: datetime, *, free: bool) -> None:
    budget = make_budget("0.10", period)
    budgets.settle(reserve(), DIME, now=NOON)
    if free:
        assert reserve(now=later).entries
    else:
        with pytest.raises(BudgetExceeded):
            reserve(now=later)
    assert standing(budget) == ("0.10", "0.00")


@pytest.mark.parametrize(
    ("period", "now", "ends"),
    [
        ("day", NOON, datetime(2026, 11, 23, tzinfo=UTC)),
        ("day", datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("month", NOON, datetime(2026, 12, 1, tzinfo=UTC)),
        ("month", datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("month", datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        ("total", NOON, None),
    ],
)
def test_the_end_of_a_period(period: str, now: datetime, ends: datetime | None) -> None:
    assert budgets.state(make_budget("5", period), now).resets_at == ends


def test_days_are_those_of_utc() -> None:
    budget = make_budget()
    evening = datetime.fromisoformat("2026-11-22T20:00:00-05:00")
    assert budget.starts_on(evening).isoformat() == "2026-11-23"


def test_a_call_over_midnight_counts_for_the_day_it_began() -> None:
    budget = make_budget()
    tomorrow = NOON + timedelta(days=1)
    budgets.settle(reserve(), DIME, now=tomorrow)
    assert (standing(budget), standing(budget, tomorrow)) == (("0.10", "0.00"), ("0.00", "0.00"))


# Alerts


def test_each_threshold_makes_one_alert(alice: User) -> None:
    make_budget("1", "month", user=alice)
    for amount in ("0.40", "0.20", "0.10", "0.20", "0.10"):
        spend(amount, owner=Owner(user_id=alice.pk))
    half, most, all_of_it = Alert.objects.order_by("id")
    assert half.text == "The user alice has spent 50 % of this month's $1.00."
    assert most.text == "The user alice has spent 80 % of this month's $1.00."
    assert all_of_it.text == (
        "The user alice has spent this month's $1.00. "
        "New calls are refused, answers from the cache still work."
    )
    assert [alert.level for alert in (half, most, all_of_it)] == ["warn", "warn", "bad"]


def test_thresholds_that_are_passed_at_once_are_all_told() -> None:
    make_budget("1")
    spend("1")
    assert Alert.objects.count() == 3


def test_a_new_period_alerts_anew() -> None:
    make_budget("1")
    spend("0.50")
    spend("0.50", now=NOON + timedelta(days=1))
    assert Alert.objects.count() == 2


def test_an_alert_that_exists_already_is_no_trouble() -> None:
    budget = make_budget("1")
    Alert.objects.create(kind="budget", key=f"budget:{budget.pk}:2026-11-22:50", text="Somebody was faster.")
    spend("0.50")
    assert Alert.objects.get().text == "Somebody was faster."


# Many at once


def ask(amount: str) -> Ask:
    return Ask(
        owner=Owner(),
        feature="chat",
        request_id=uuid.uuid4(),
        amount=Decimal(amount),
        expires=NOON + timedelta(seconds=60),
    )


def test_a_batch_is_decided_one_by_one_in_its_order() -> None:
    budget = make_budget("1")
    orders = [ask(amount) for amount in ("0.60", "0.50", "0.40")]
    budgets.commit(orders, NOON)
    assert [isinstance(order.answer, Reservation) for order in orders] == [True, False, True]
    assert standing(budget) == ("0.00", "1.00")


def test_a_closing_makes_room_in_its_own_batch() -> None:
    budget = make_budget("1")
    held = reserve("1.00")
    order = ask("0.90")
    budgets.commit([order, Close(reservation=held, spent=DIME)], NOON)
    assert order.granted().amount == Decimal("0.90")
    assert standing(budget) == ("0.10", "0.90")


def test_a_batch_takes_the_same_few_statements_however_many_share_it() -> None:
    make_budget("5")
    reserve()  # the period's row is there
    counts = []
    for size in (1, 200):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            budgets.commit([ask("0.01") for _ in range(size)], NOON)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_states_takes_one_query() -> None:
    many = [make_budget(period=period) for period in ("day", "month", "total")]
    with CaptureQueriesContext(connection) as queries:
        assert set(budgets.states(many, NOON)) == {budget.pk for budget in many}
    assert len(queries) == 1
