"""Ways through the usage pages: presets, downloads, from a figure to an attempt, budgets, alerts, prices."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page

from llm import runloop
from llm.ids import uuid7
from llm.models import Alert, AlertRule, Budget, BudgetPeriod, ModelPrice, Repricing
from llm.rates import book
from llm.repricing.walk import carry_out
from tests.browser.aside import expect
from tests.browser.pages import Chat
from tests.llm.factories import make_call

pytestmark = pytest.mark.browser

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def prices(chat: Chat) -> Iterator[None]:
    """Prices that staff set are kept in the process; the next test finds none."""
    yield
    ModelPrice.objects.all().delete()
    book.read()


def figure(page: Page, number: int) -> str:
    return str(page.locator("dl.figures dd.value").nth(number).inner_text())


def downloaded(page: Page, name: str) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    return str(waiting.value.path().read_text())


def test_presets_the_table_and_what_is_downloaded_say_the_same(
    chat: Chat, carol: User, now: datetime
) -> None:
    for back in (0, 3, 20, 40):
        make_call(carol, at=now - DAY * back, feature="chat", model="openai:m", cost=Decimal("1.5"))
    page = chat.open(carol, "/usage/?measure=calls")
    periods = page.get_by_role("navigation", name="Period")
    for name, calls in (("24 h", "1"), ("7 days", "2"), ("30 days", "3")):
        periods.get_by_role("link", name=name).click()
        expect(periods.locator("[aria-current]")).to_have_text(name)
        assert figure(page, 1) == calls
    page.locator("ul.legend").get_by_role("link", name="chat").click()
    expect(page).to_have_url(re.compile("feature=chat"))
    page.go_back()
    page.get_by_role("link", name="Hide").click()
    page.get_by_role("link", name="Compare with the 30 days before").click()
    expect(page.locator("ul.legend")).to_contain_text("the 30 days before 1")
    page.get_by_text("Show as a table").click()
    days = page.get_by_role("region", name="Calls by day").locator("tbody tr")
    expect(days).to_have_count(30)
    expect(days.first).to_contain_text("so far")
    (row, *others) = csv.DictReader(downloaded(page, "CSV").splitlines())
    assert (row["feature"], row["calls"], row["cost"], len(others)) == ("chat", "1", "1.5", 2)
    rows = json.loads(downloaded(page, "JSON"))["rows"]
    assert [each["calls"] for each in rows] == [1, 1, 1]
    periods.get_by_role("link", name="Month").click()
    expect(periods.locator("[aria-current]")).to_have_text("Month")
    expect(page.get_by_text(re.compile("^Everybody.s calls, 1 "))).to_be_visible()


def test_a_figure_leads_to_its_calls_and_a_call_to_its_attempts(
    chat: Chat, carol: User, now: datetime
) -> None:
    for number in range(55):
        make_call(carol, at=now - timedelta(minutes=number + 5), feature="extract")
    request = uuid7()
    make_call(carol, at=now, request_id=request, model="openai:m", outcome="timed_out")
    second = make_call(carol, at=now, request_id=request, prompt="assistant", prompt_version=3)
    page = chat.open(carol, "/usage/?measure=calls")
    page.get_by_role("row", name=re.compile("^extract")).get_by_role("link").first.click()
    expect(page.locator(".chip")).to_have_text("Feature extract")
    page.get_by_role("link", name="All of them").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older calls").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    page.goto(f"{chat.url}/usage/")
    page.locator("dl.figures dd.value").nth(3).get_by_role("link").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    kinds = page.get_by_role("navigation", name="Kind")
    expect(kinds.locator("[aria-current]")).to_have_text("Failed")
    kinds.get_by_role("link", name="From the cache").click()
    expect(page.get_by_role("heading", name="No such calls")).to_be_visible()
    kinds.get_by_role("link", name="Failed").click()
    page.locator("tbody th a").click()
    attempts = page.get_by_role("group", name="All attempts of this request")
    attempts.get_by_role("link").click()
    page.wait_for_url(re.compile(f"/usage/calls/{second.pk}/"))
    page.get_by_role("link", name="its usage").click()
    expect(page.locator(".chip")).to_have_text(["Prompt assistant", "Version 3"])


def test_a_budget_is_made_and_stands_with_what_it_comes_to(chat: Chat, carol: User) -> None:
    page = chat.open(carol, "/budgets/")
    expect(page.get_by_role("heading", name="No budget yet")).to_be_visible()
    page.get_by_role("link", name="New budget").click()
    page.locator("#id_scope").select_option("feature")
    page.locator("#id_feature").fill("agent")
    page.locator("#id_period").select_option("day")
    page.locator("#id_limit").fill("5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was added")
    budget = Budget.objects.get(feature="agent")
    BudgetPeriod.objects.create(
        budget=budget,
        starts_on=budget.starts_on(timezone.now()),
        spent_nano=5 * 10**9,
        reserved_nano=10**8,
    )
    page.goto(f"{chat.url}/budgets/")
    expect(page.get_by_role("img", name="$5.00 spent, $0.10 reserved, limit $5.00")).to_be_visible()
    expect(page.get_by_text("new calls are refused until")).to_be_visible()
    page.get_by_role("link", name="Feature agent").click()
    expect(page.locator("#id_limit")).to_have_value("5")


def test_a_test_alert_is_sent_by_a_button_and_an_alert_acknowledged(chat: Chat, carol: User) -> None:
    AlertRule.objects.create(kind="errors", threshold=10, minutes=15)
    page = chat.open(carol, "/admin/llm/alertrule/")
    expect(page.get_by_text("Nobody is told of alerts.")).to_be_visible()
    User.objects.filter(pk=carol.pk).update(email="carol@example.org")
    page.reload()
    page.locator("#result_list tbody input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option(label="Send a test alert")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".messagelist")).to_contain_text("E-mail, carol@example.org: sent")
    assert len(mail.outbox) == 1
    page.get_by_role("link", name="What happened").click()
    page.locator("#result_list tbody input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option(label="Acknowledge the selected alerts")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".messagelist")).to_contain_text("Acknowledged 1 alert.")
    assert Alert.objects.get().acknowledged_at is not None


def test_a_repricing_shows_its_difference_before_it_corrects(
    chat: Chat, carol: User, now: datetime, prices: None
) -> None:
    call = make_call(
        carol, at=now - DAY, model="openai:new", input_tokens=1_000_000, output_tokens=0, cost=None
    )
    page = chat.open(carol, "/usage/")
    page.get_by_role("link", name="Set a price").click()
    page.locator("#id_model").fill("new")
    page.locator("#id_starts_at_0").fill(f"{now - 2 * DAY:%Y-%m-%d}")
    page.locator("#id_input").fill("2.5")
    page.locator("#id_output").fill("10")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="price them anew").click()
    expect(page.get_by_label("Model")).to_have_value("openai:new")
    page.locator("#id_until").fill(f"{now:%Y-%m-%d}")
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_text("looking")).to_be_visible()
    row = Repricing.objects.get()
    runloop.wait(carry_out(row.pk))
    expect(page.get_by_role("heading", name="What it would change")).to_be_visible()
    expect(page.locator("tfoot")).to_contain_text("+$2.50")
    call.refresh_from_db()
    assert call.cost is None
    page.get_by_role("button", name="Correct 1 call").click()
    runloop.wait(carry_out(row.pk))
    expect(page.get_by_role("heading", name="What it has changed")).to_be_visible()
    call.refresh_from_db()
    assert call.cost == Decimal("2.5")
