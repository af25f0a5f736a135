"""Budgets as people see them: the forecast, what needs a look, and whose are shown."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from llm.budgets.service import Standing, reserve, settle
from llm.dashboard.purses import near, purse, purses
from llm.ids import uuid7
from llm.models import ApiKey, Budget
from llm.types import Owner

NOON = datetime(2026, 11, 16, 0, tzinfo=UTC)  # half of November
LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)


def make_budget(limit: str = "30", period: str = "month", **subject: object) -> Budget:
    scope = next(iter(subject), "everything")
    return Budget.objects.create(scope=scope, period=period, limit=Decimal(limit), **subject)


def standing(budget: Budget, spent: str, reserved: str = "0") -> Standing:
    return Standing(
        spent=Decimal(spent),
        reserved=Decimal(reserved),
        limit=budget.limit,
        resets_at=budget.ends_at(NOON),
    )


def test_the_pace_so_far_is_kept_to_the_end() -> None:
    found = purse(
        budget := Budget(scope="everything", period="month", limit=30, created_at=LONG_AGO),
        standing(budget, "10"),
        NOON,
    )
    assert found.forecast == 20
    assert (found.full_at, found.tone, found.taken, found.course) == (None, "spent", "33.3%", "66.7%")


def test_a_budget_that_will_not_last_says_when() -> None:
    found = purse(
        budget := Budget(scope="everything", period="month", limit=30, created_at=LONG_AGO),
        standing(budget, "20"),
        NOON,
    )
    assert found.forecast == 40
    assert found.full_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert (found.tone, found.course) == ("near", "")
    assert near([found]) == [found]


def test_a_spent_one_is_over_and_its_bar_ends() -> None:
    budget = Budget(scope="everything", period="day", limit=5, created_at=LONG_AGO)
    found = purse(budget, standing(budget, "6", "1"), NOON)
    assert (found.tone, found.taken, found.held) == ("over", "100.0%", "0.0%")


@pytest.mark.parametrize(("period", "at"), [("total", NOON), ("month", datetime(2026, 11, 1, 6, tzinfo=UTC))])
def test_no_forecast_without_an_end_or_a_course(period: str, at: datetime) -> None:
    budget = Budget(scope="everything", period=period, limit=Decimal(30), created_at=LONG_AGO)
    assert purse(budget, standing(budget, "1"), at).forecast is None


def test_one_made_in_mid_period_keeps_the_pace_since_then() -> None:
    made = datetime(2026, 11, 11, tzinfo=UTC)
    budget = Budget(scope="everything", period="month", limit=30, created_at=made)
    found = purse(budget, standing(budget, "5"), NOON)
    assert (found.since, found.forecast, found.full_at) == (made, Decimal(20), None)
    found = purse(budget, standing(budget, "10"), NOON)
    assert (found.forecast, found.full_at) == (Decimal(40), datetime(2026, 11, 26, tzinfo=UTC))


def test_people_see_their_own_and_staff_see_all(alice: User, bob: User, carol: User) -> None:
    key = ApiKey.objects.issue(user=alice, name="k")[0]
    mine = {make_budget(user=alice).pk, make_budget(key=key).pk}
    other = {make_budget(user=bob).pk, make_budget().pk}
    assert {one.budget.pk for one in purses(alice, NOON)} == mine
    assert {one.budget.pk for one in purses(carol, NOON)} == mine | other


def test_the_page_shows_bars_in_a_fixed_number_of_statements(
    alice: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_budget("0.50", user=alice)
    reservation = reserve(
        Owner(user_id=alice.pk), "chat", uuid7(), Decimal("0.4"), datetime(2100, 1, 1, tzinfo=UTC)
    )
    settle(reservation, Decimal("0.5"))
    client.force_login(alice)
    with django_assert_max_num_queries(4):
        html = client.get("/budgets/").content.decode()
    assert "$0.50 spent, $0 reserved, limit $0.50" in html
    assert "1 budget is spent or will be." in html
    assert "/admin/" not in html


def test_without_any_the_page_says_what_they_are(carol: User, client: Client) -> None:
    client.force_login(carol)
    assert "No budget yet" in client.get("/budgets/").content.decode()
