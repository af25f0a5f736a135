"""Usage in a browser: the chart by hand, by key and on a phone, filters that combine, axe on every page."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page

from llm import runloop
from llm.models import AlertRule, Call, ModelPrice, Repricing
from llm.repricing import service
from llm.repricing.walk import carry_out
from tests.browser.aside import expect
from tests.browser.pages import PHONE, Chat
from tests.browser.test_chat_access import is_too_wide, violations
from tests.llm.factories import make_call, make_hit

pytestmark = pytest.mark.browser

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def ledger(person: User, now: datetime) -> None:
    """Ten days of calls of three features, and some of the ten days before."""
    for back in range(20):
        for feature, model in (
            ("chat", "openai:gpt-5.5"),
            ("extract", "openai:m"),
            ("agents", "local:smollm2"),
        ):
            make_call(
                person,
                at=now - DAY * back,
                feature=feature,
                model=model,
                cost=Decimal(20 - back),
                cached_tokens=5,
            )
    make_hit(person, at=now, saved=Decimal("0.5"))
    make_call(person, at=now, model="openai:new", cost=None, outcome="timed_out")


def column(page: Page, place: float) -> dict[str, float]:
    """Where on the page a column of the chart is, by its place from 0 to 1."""
    page.locator(".u-over").scroll_into_view_if_needed()
    box: Any = page.locator(".u-over").bounding_box()
    return {"x": box["x"] + box["width"] * place, "y": box["y"] + box["height"] * 0.8}


def test_the_chart_tells_zooms_and_leads_to_its_calls(chat: Chat, carol: User, now: datetime) -> None:
    ledger(carol, now)
    page = chat.open(carol, "/usage/?period=7d&measure=calls")
    plot = page.get_by_role("slider", name="Calls by day")
    plot.focus()
    expect(plot).to_have_attribute("aria-valuetext", re.compile("so far: .*chat 2, .*All 4, Before 3$"))
    plot.press("ArrowLeft")
    yesterday = f"{(now - DAY).day} {now - DAY:%B}"
    expect(plot).to_have_attribute("aria-valuetext", re.compile(f"^{yesterday}: .*All 3"))
    expect(page.locator(".tip")).to_contain_text(yesterday)
    plot.press("Enter")
    page.wait_for_url(re.compile(rf"/usage/calls/\?from={now - DAY:%Y-%m-%d}&to="))
    expect(page.locator("tbody tr")).to_have_count(3)
    page.go_back()
    there = column(page, 0.5 / 7)
    page.mouse.move(there["x"], there["y"])
    expect(page.locator(".tip")).to_contain_text(f"{(now - 6 * DAY).day} {now - 6 * DAY:%B}")
    page.mouse.click(there["x"], there["y"])
    page.wait_for_url(re.compile(rf"/usage/calls/\?from={now - 6 * DAY:%Y-%m-%d}"))
    page.go_back()
    start, end = column(page, 1.5 / 7), column(page, 3.5 / 7)
    page.mouse.move(start["x"], start["y"])
    page.mouse.down()
    page.mouse.move(end["x"], end["y"], steps=4)
    page.mouse.up()
    page.wait_for_url(
        re.compile(rf"measure=calls&from={now - 5 * DAY:%Y-%m-%d}&to={now - 3 * DAY:%Y-%m-%d}$")
    )
    expect(page.locator("dl.figures dd.value").nth(1)).to_have_text("9")


def test_choices_combine_and_can_be_taken_back(chat: Chat, carol: User, now: datetime) -> None:
    ledger(carol, now)
    page = chat.open(carol, "/usage/?measure=calls")
    value = page.locator("dl.figures dd.value").nth(1)
    page.get_by_text("Filter", exact=True).click()
    form = page.get_by_role("form", name="Filters to set")
    form.get_by_label("Feature").select_option("chat")
    form.get_by_label("Model").select_option("openai:gpt-5.5")
    form.get_by_role("button", name="Show").click()
    expect(value).to_have_text("20")
    page.get_by_text("Custom", exact=True).click()
    page.get_by_label("First day").fill(f"{now - 3 * DAY:%Y-%m-%d}")
    page.get_by_label("Last day").fill(f"{now - DAY:%Y-%m-%d}")
    page.get_by_role("form", name="A time of your own").get_by_role("button", name="Show").click()
    expect(value).to_have_text("3")
    page.get_by_role("navigation", name="Step").get_by_role("link", name="Hours").click()
    expect(page.locator(".plot")).to_have_attribute("data-columns", "72")
    page.get_by_role("navigation", name="Measure").get_by_role("link", name="Time").click()
    expect(page.get_by_role("slider", name="Time by hour")).to_be_visible()
    page.get_by_role("navigation", name="Measure").get_by_role("link", name="Cost").click()
    page.get_by_role("link", name="Hide").click()
    expect(page.get_by_role("link", name="Compare with the 3 days before")).to_be_visible()
    page.get_by_role("link", name="Remove the filter Feature").click()
    page.get_by_role("link", name="Prompt version").click()
    expect(page.get_by_role("heading", name="By prompt version")).to_be_visible()
    expect(page.locator(".chip")).to_have_text("Model openai:gpt-5.5")
    page.goto(f"{chat.url}/usage/?from=2026-11-05&to=2026-11-03")
    expect(page.get_by_role("alert")).to_have_text(re.compile("The last day is before the first"))


def test_a_finger_is_told_before_it_leads_away(chat: Chat, carol: User, now: datetime) -> None:
    ledger(carol, now)
    page = chat.open(carol, "/usage/?period=7d", viewport=PHONE, has_touch=True, color_scheme="dark")
    there = column(page, 0.5 / 7)
    page.touchscreen.tap(there["x"], there["y"])
    expect(page.locator(".tip")).to_be_visible()
    page.touchscreen.tap(there["x"], there["y"])
    page.wait_for_url(re.compile("/usage/calls/"))


def test_the_chart_follows_the_theme(chat: Chat, carol: User, now: datetime) -> None:
    ledger(carol, now)
    page = chat.open(carol, "/usage/", color_scheme="light")
    expect(page.locator(".plot canvas")).to_be_visible()
    seen = [page.locator(".plot canvas").evaluate("(canvas) => canvas.toDataURL()")]
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("(was) => document.querySelector('.plot canvas').toDataURL() !== was", arg=seen[0])


def test_a_time_between_two_gaps_is_a_dot(chat: Chat, carol: User, now: datetime) -> None:
    make_call(carol, at=now - 3 * DAY)
    page = chat.open(carol, "/usage/?period=7d&measure=time")
    ink = """(canvas) => {
      const key = document.querySelector(".legend .key");
      const colour = getComputedStyle(key).backgroundColor.match(/\\d+/g).map(Number);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const dots = [...Array(data.length / 4).keys()];
      return dots.filter((dot) => colour.every((part, at) => data[4 * dot + at] === part)).length;
    }"""
    assert page.locator(".plot canvas").evaluate(ink) > 5


def test_the_time_before_stands_over_its_own_column(chat: Chat, carol: User, now: datetime) -> None:
    make_call(carol, at=now - 13 * DAY, model="openai:m", cost=Decimal("4.4"))
    make_call(carol, at=now, model="openai:m", cost=Decimal(1))
    page = chat.open(carol, "/usage/?period=7d&measure=cost")
    inked = """(over) => {
      const { offsetLeft: left, offsetTop: top, offsetHeight: height, offsetWidth: all } = over;
      const drawn = over.parentElement.querySelector("canvas").getContext("2d");
      const places = [...Array(Math.floor(all / 7) - 8).keys()];
      const strip = (x) => drawn.getImageData(x, top, 1, height / 10).data;
      const ink = (x) => strip(x).some((part, at) => at % 4 === 3 && part);
      const share = (from) => places.filter((x) => ink(from + x)).length / places.length;
      return [0, 3].map((column) => share(left + column * all / 7 + 4));
    }"""
    first, fourth = page.locator(".u-over").evaluate(inked)
    assert (first > 0.4, fourth) == (True, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    chat: Chat, carol: User, alice: User, bob: User, now: datetime, theme: Any
) -> None:
    ledger(carol, now)
    make_call(bob, at=now)
    ModelPrice.objects.create(
        provider="openai", model="new", starts_at=now - DAY, input=2, output=3, note="offer"
    )
    row = service.look(Repricing(since=now - DAY, until=now, asked_by=carol))
    runloop.wait(carry_out(row.pk))
    rule = AlertRule.objects.create(kind="errors", threshold=10, minutes=15)
    call = Call.objects.filter(user=carol).first()
    assert call
    admin = [
        *(
            reverse(f"admin:llm_{name}_changelist")
            for name in ("modelprice", "repricing", "alertrule", "alert")
        ),
        *(reverse(f"admin:llm_{name}_add") for name in ("modelprice", "repricing")),
        reverse("admin:llm_repricing_change", args=[row.pk]),
        reverse("admin:llm_alertrule_change", args=[rule.pk]),
    ]
    ours = ["/usage/", "/usage/?measure=time&by=user&period=7d", "/usage/calls/", f"/usage/calls/{call.pk}/"]
    page = chat.open(carol, "/usage/", color_scheme=theme)
    for address in (*ours, *admin):
        page.goto(chat.url + address)
        assert (address, violations(page)) == (address, [])
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ours:
        page.goto(chat.url + address)
        assert (address, violations(page), is_too_wide(page)) == (address, [], False)
    for person, shows in ((alice, "No calls yet"), (bob, "By day")):
        page = chat.open(person, "/usage/", color_scheme=theme, viewport=PHONE)
        expect(page.get_by_role("heading", name=shows)).to_be_visible()
        assert (violations(page), is_too_wide(page)) == ([], False)
