from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from llm.budgets import service as budgets
from llm.models import Alert, Budget, BudgetPeriod
from tests.llm.budgets.cases import make_budget, reserve

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/llm/budget/", "/admin/llm/budget/add/"


@pytest.fixture
def desk(carol: User, client: Client) -> Client:
    client.force_login(carol)
    return client


def fill_in(client: Client, **values: str) -> str:
    """Send the form; return the page that comes back, or that follows."""
    form = {"scope": "everything", "period": "month", "limit": "300", "active": "on", "feature": ""}
    return client.post(ADD, form | values, follow=True).content.decode()


def test_the_list_shows_where_each_budget_stands(desk: Client) -> None:
    make_budget("300", "month")
    now = timezone.now()
    budgets.settle(reserve("132.18", now=now), Decimal("132.18"), now=now)
    reserve("12.40", now=now)
    page = desk.get(LIST).content.decode()
    for text in ("Everything, a month: $300", "$132.18", "$12.40", "$155.42"):
        assert text in page


def test_a_budget_is_made_in_the_form(desk: Client) -> None:
    page = fill_in(desk, limit="0.5")
    assert "was added successfully" in page
    assert str(Budget.objects.get()) == "Everything, a month: $0.50"


def test_the_form_says_what_is_missing_and_what_is_too_much(desk: Client) -> None:
    assert "Choose the feature that this budget is for." in fill_in(desk, scope="feature")
    page = fill_in(desk, feature="chat")
    assert "Leave this empty: the budget is for everything, not for one feature." in page
    assert "Write an amount of at least $0.01." in fill_in(desk, limit="0")
    assert not Budget.objects.exists()


def test_a_second_budget_for_the_same_is_refused(desk: Client) -> None:
    fill_in(desk)
    assert "There is such a budget already. Change its limit instead." in fill_in(desk)


def test_a_feature_that_nobody_used_may_be_misspelt(desk: Client) -> None:
    page = fill_in(desk, scope="feature", feature="agnets")
    assert "No call has been made for a feature named agnets yet." in page


def test_of_a_budget_only_the_limit_and_the_switch_change(desk: Client) -> None:
    budget = make_budget("300", "month")
    page = f"{LIST}{budget.pk}/change/"
    assert 'value="300"' in desk.get(page).content.decode()
    desk.post(page, {"limit": "400", "period": "day"})
    budget.refresh_from_db()
    assert (budget.limit, budget.period, budget.active) == (Decimal(400), "month", False)


def test_a_budget_that_was_used_cannot_be_deleted(desk: Client) -> None:
    used, unused = make_budget(), make_budget(period="month")
    BudgetPeriod.objects.create(budget=used, starts_on=timezone.now().date())
    assert desk.post(f"{LIST}{used.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.post(f"{LIST}{unused.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Budget.objects.all()) == [used]


def test_alerts_are_read_and_acknowledged(desk: Client) -> None:
    alert = Alert.objects.create(kind="budget", key="one", text="The whole site has spent today's $5.00.")
    assert alert.text.replace("'", "&#x27;") in desk.get("/admin/llm/alert/").content.decode()
    page = desk.post(
        "/admin/llm/alert/", {"action": "acknowledge", "_selected_action": [str(alert.pk)]}, follow=True
    )
    alert.refresh_from_db()
    assert alert.acknowledged_at is not None
    assert "Acknowledged 1 alert." in page.content.decode()
    assert desk.get(f"/admin/llm/alert/{alert.pk}/change/").status_code == 200
    assert desk.get("/admin/llm/alert/add/").status_code == 403
