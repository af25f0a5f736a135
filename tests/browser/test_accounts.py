"""Accounts and budgets in a browser: an invited person comes in and makes a key, and axe finds nothing."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from llm.models import ApiKey, Budget, BudgetPeriod
from tests.browser.aside import expect
from tests.browser.pages import PHONE, WIDE, Chat
from tests.browser.test_chat_access import is_too_wide, violations
from tests.llm.factories import make_call

pytestmark = pytest.mark.browser


def test_an_invited_person_comes_in_and_makes_a_key(chat: Chat, carol: User) -> None:
    staff = chat.open(carol, "/people/")
    staff.get_by_label("Name to sign in with").fill("dora")
    staff.get_by_label("E-mail", exact=True).fill("dora@example.org")
    staff.get_by_role("button", name="Invite").click()
    expect(staff.get_by_role("heading", name="dora is invited")).to_be_visible()
    link = re.findall(r"https?://\S+", str(mail.outbox[0].body))[0]
    guest = chat.another(chat.browser.new_context(), link.removeprefix(chat.url))
    for number in (1, 2):
        guest.locator(f"#id_new_password{number}").fill("a long enough one")
    guest.get_by_role("button", name="Set password and enter").click()
    expect(guest.locator("#text")).to_be_visible()
    guest.goto(f"{chat.url}/account/")
    guest.locator("#id_name").fill("import")
    guest.locator("#id_limit").fill("5")
    guest.get_by_role("button", name="Make a key").click()
    expect(guest.locator("#key")).to_have_value(re.compile(r"^parley_.{40,}"))
    guest.get_by_role("link", name="I have copied it").click()
    expect(guest.get_by_role("button", name="Revoke import")).to_be_visible()
    expect(guest.get_by_role("img", name="$0 spent, $0 reserved, limit $5")).to_be_visible()
    guest.context.close()


def test_people_are_paged_and_found(chat: Chat, carol: User) -> None:
    User.objects.bulk_create(User(username=f"person{number:03}") for number in range(70))
    page = chat.open(carol, "/people/", viewport=PHONE, locale="de-DE")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    assert not is_too_wide(page)
    page.get_by_role("link", name="Weiter").click()
    expect(page.get_by_role("navigation", name="Seiten")).to_contain_text("51 bis 71 von 71")
    expect(rows).to_have_count(21)
    page.get_by_role("searchbox", name="Jemanden finden").fill("son03")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(10)
    page.get_by_role("link", name="Eingeladen").click()
    expect(page.get_by_text("Niemand gefunden.")).to_be_visible()
    page.get_by_role("link", name="Alle", exact=True).click()
    expect(rows).to_have_count(10)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(chat: Chat, carol: User, alice: User, theme: Any, size: Any) -> None:
    now = datetime.now(UTC)
    key = ApiKey.objects.issue(user=carol, name="orders-import")[0]
    for subject, spent in ((("user", carol), 3), (("key", key), 9), (("feature", "agents"), 12)):
        budget = Budget.objects.create(scope=subject[0], period="day", limit=10, **dict([subject]))
        BudgetPeriod.objects.create(
            budget=budget, starts_on=now.date(), spent_nano=spent * 10**9, reserved_nano=10**8
        )
    make_call(carol, at=now, cost=Decimal("3.2"), model="openai:m")
    User.objects.create_user("dora", email="dora@example.org", password=None)
    page = chat.open(carol, "/account/", viewport=size, color_scheme=theme)
    for address in ("/account/", "/people/", "/budgets/", "/usage/?period=24h"):
        page.goto(chat.url + address)
        assert violations(page) == []
        assert not is_too_wide(page)
