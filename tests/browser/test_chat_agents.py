"""An agent's answer in the browser: cards as they come, and a person who is asked."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page
from pytest_django import Settings

from llm import runloop
from llm.providers.scripted import tool_call
from tests.browser.aside import expect
from tests.browser.pages import WIDE, Chat, answer, ask, ended
from tests.browser.test_chat_access import HEARD, is_too_wide, violations
from tests.chat.shop import Worker, shop

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}
LOOKS: list[tuple[Any, Any]] = [("light", WIDE), ("dark", NARROW)]
LONG = "https://example.com/" + "a" * 120


@pytest.fixture(autouse=True)
def open_shop(settings: Settings) -> Iterator[None]:
    with shop(settings):
        yield


def ask_agent(page: Page, text: str) -> None:
    page.get_by_label("Tools").check()
    ask(page, text)
    expect(answer(page)).to_have_attribute("data-status", "streaming")


def is_fine(page: Page, name: str) -> None:
    """Nothing is too wide and axe finds nothing, light and wide as dark and narrow."""
    for theme, size in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(size)
        assert violations(page) == []
        assert not is_too_wide(page)
        if kept := os.environ.get("PARLEY_TEST_SCREENSHOTS"):
            page.screenshot(path=Path(kept) / f"{name}-{theme}.png", full_page=True)


def test_steps_are_seen_as_they_come_and_stay_as_they_were_opened(chat: Chat, alice: User) -> None:
    page = chat.open(alice)
    ask_agent(page, "What is 37 * 43?")
    page.evaluate(HEARD)
    worker = Worker(tool_call("calculate", expression="37 * 43"), "It is **1591**.", answers=1)
    working = runloop.submit(worker.work())
    card = answer(page).locator(".steps li", has_text="calculate")
    expect(card).to_contain_text("37 * 43 = 1591")
    card.locator("summary").click()
    expect(card.get_by_text("expression")).to_be_visible()
    is_fine(page, "running")
    runloop.get().call_soon_threadsafe(worker.let)
    expect(ended(page).locator(".prose strong")).to_have_text("1591")
    expect(card.get_by_text("expression")).to_be_visible()
    expect(card.locator("summary")).to_be_focused()
    assert page.evaluate("window.heard") == ["Answer complete"]
    working.result(10)
    is_fine(page, "done")
    page.reload()
    expect(page.get_by_label("Tools")).to_be_checked()
    expect(card).to_contain_text("37 * 43 = 1591")


def test_a_person_declines_with_a_note_and_allows_after_a_reload(chat: Chat, alice: User) -> None:
    page = chat.open(alice)
    ask_agent(page, "Order paper.")
    page.evaluate(HEARD)
    two = (tool_call("order", article=LONG), tool_call("order", article="pens"))
    worker = Worker(two, "Only pens.")
    runloop.wait(worker.work())
    paper, pens = (answer(page).locator(".approval", has_text=text) for text in (LONG, "pens"))
    paper.get_by_label("Note to the agent (optional)").fill("We have enough.")
    is_fine(page, "asking")
    assert page.evaluate("window.heard").count("The agent waits for your approval") == 1
    paper.get_by_role("button", name="Decline").click()
    expect(answer(page).locator(".steps li", has_text=LONG)).to_contain_text("declined")
    page.reload()
    pens.get_by_role("button", name="Allow once").click()
    expect(answer(page).locator(".steps li", has_text="pens")).to_contain_text("allowed")
    runloop.wait(worker.work())
    expect(ended(page)).to_contain_text("Only pens.")
    said = [message.content for message in worker.script.requests[1].messages if message.role == "tool"]
    assert "They say: We have enough." in said[0]
    assert "Ordered pens." in said[1]
    is_fine(page, "decided")
