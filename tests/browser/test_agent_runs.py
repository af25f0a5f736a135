"""Staff watch a run in a browser and replay it: live, by keys, without scripts, and axe finds nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from llm.agents.tool import tool
from llm.models import AgentRun
from llm.providers.scripted import tool_call
from tests.browser.aside import expect
from tests.browser.pages import PHONE, WIDE, Chat
from tests.browser.test_chat_access import is_too_wide, violations
from tests.llm.agents.scenes import drive, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@tool(crash="once", approval=True)
async def order(article: str) -> str:
    """Order an article.

    Args:
        article: Its name.
    """
    return f"Ordered {article}."


def asking(user: User) -> AgentRun:
    run = make_run(user, "Order 37 * 43 sheets of paper", tools=["calculate", "order", "complete"])
    drive(tool_call("calculate", expression="37 * 43"), tool_call("order", article="paper"), tools=[order])
    return run


def address(run: AgentRun) -> str:
    return f"/admin/llm/agentrun/{run.pk}/change/"


def test_a_run_is_watched_decided_on_and_replayed(chat: Chat, carol: User, alice: User) -> None:
    run = asking(alice)
    page = chat.open(carol, address(run))
    steps = page.locator(".step")
    expect(steps).to_have_count(4)
    page.get_by_label("Note for the model").fill("Only this once.")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".messagelist")).to_contain_text("approved")
    drive("It is ordered.", tools=[order])
    expect(page.locator("#run .badge")).to_have_text("completed", timeout=15_000)
    expect(steps).to_have_count(6)
    shown = page.locator(".step:visible")
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_count(1)
    expect(page.locator(".place")).to_have_text("Step 1 of 6")
    page.get_by_role("button", name="Next step").click()
    expect(shown).to_contain_text("1591")
    page.keyboard.press("End")
    expect(page.locator(".place")).to_have_text("Step 6 of 6")
    page.keyboard.press("ArrowLeft")
    expect(shown).to_contain_text("Only this once.")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".place")).to_have_text("Step 6 of 6")
    page.keyboard.press("Escape")
    expect(shown).to_have_count(6)


def test_without_scripts_it_is_a_list(chat: Chat, carol: User, alice: User) -> None:
    run = asking(alice)
    page = chat.open(carol, address(run), java_script_enabled=False)
    expect(page.locator(".step:visible")).to_have_count(4)
    expect(page.locator(".stepper")).to_be_hidden()
    page.get_by_role("button", name="Deny").click()
    expect(page.locator(".messagelist")).to_contain_text("declined")


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", PHONE)])
def test_axe_finds_nothing(chat: Chat, carol: User, alice: User, theme: Any, size: Any) -> None:
    run = asking(alice)
    page = chat.open(carol, address(run), color_scheme=theme, viewport=size)
    page.get_by_role("button", name="Next step").click()
    page.keyboard.press("Escape")
    for place in (address(run), "/admin/llm/agentrun/"):
        page.goto(chat.url + place)
        assert violations(page) == [], place
        assert not is_too_wide(page), place
