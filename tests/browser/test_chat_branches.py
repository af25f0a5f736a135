"""Versions of questions and answers, each with an address."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page

from tests.browser.aside import expect
from tests.browser.pages import Chat, address, answer, ask, ended
from tests.chat.threads import add_answer, make_conversation
from tests.wire import text

pytestmark = pytest.mark.browser


def said(page: Page) -> Locator:
    return page.locator(".asked .said")


def test_another_answer_stands_beside_the_first(chat: Chat, alice: User) -> None:
    chat.wire.script(text("One."), text("Two."))
    page = chat.open(alice)
    ask(page)
    ended(page)
    answer(page).get_by_role("button", name="Answer again").click()
    expect(answer(page)).to_contain_text("Two.")
    ended(page)
    versions = answer(page).get_by_role("group", name="Versions of this answer")
    expect(versions).to_contain_text("2 / 2")
    versions.get_by_role("link", name="Previous version").click()
    expect(answer(page)).to_contain_text("One.")
    expect(page).to_have_url(re.compile(r"\?leaf="))
    page.reload()
    expect(answer(page)).to_contain_text("One.")
    expect(versions).to_contain_text("1 / 2")


def test_an_edited_question_begins_a_branch_and_the_way_back_leads_to_the_first(
    chat: Chat, alice: User
) -> None:
    chat.wire.script(text("Four."), text("Six."))
    page = chat.open(alice)
    ask(page, "2 + 2?")
    ended(page)
    expect(page.locator("#stop")).to_be_hidden()  # nothing is edited while the page still takes in the end
    page.get_by_role("button", name="Edit question").click()
    field = page.get_by_role("textbox", name="Edit question")
    expect(field).to_be_focused()
    field.fill("3 + 3?")
    field.press("Enter")
    expect(answer(page)).to_contain_text("Six.")
    ended(page)
    expect(said(page)).to_have_text(["3 + 3?"])
    page.get_by_role("group", name="Versions of this question").get_by_role(
        "link", name="Previous version"
    ).click()
    expect(said(page)).to_have_text(["2 + 2?"])
    expect(answer(page)).to_contain_text("Four.")
    page.go_back()
    expect(said(page)).to_have_text(["3 + 3?"])
    assert chat.wire.requests[1].body["messages"][-1]["content"] == "3 + 3?"


def test_escape_leaves_an_edit_as_it_was(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi")
    page = chat.open(alice, address(conversation))
    page.locator("#text").press("ArrowUp")
    field = page.get_by_role("textbox", name="Edit question")
    field.fill("Something else")
    field.press("Escape")
    expect(said(page)).to_have_text("Hello")
    expect(said(page)).to_be_visible()
    expect(page.get_by_role("button", name="Edit question")).to_be_focused()


def test_a_reply_goes_to_the_branch_that_is_shown(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "First")
    first = conversation.messages.get(content="First")
    add_answer(conversation, "Second")
    chat.wire.script(text("Third."))
    page = chat.open(alice, f"{address(conversation)}?leaf={first.pk}")
    ask(page, "And then?")
    expect(answer(page)).to_contain_text("Third.")
    ended(page)
    assert [m["content"] for m in chat.wire.requests[0].body["messages"][1:]] == [
        "Hello",
        "First",
        "And then?",
    ]
    expect(page).to_have_url(f"{chat.url}{address(conversation)}")


def test_what_another_tab_begins_on_another_branch_is_only_told_of(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "First")
    chat.wire.script(text("Second."))
    page = chat.open(alice, address(conversation))
    other = chat.another(page.context, address(conversation))
    answer(other).get_by_role("button", name="Answer again").click()
    expect(answer(other)).to_contain_text("Second.")
    notice = page.locator("#elsewhere")
    expect(notice).to_be_visible()
    expect(answer(page)).to_contain_text("First")
    notice.get_by_role("link", name="Show it").click()
    expect(answer(page)).to_contain_text("Second.")
    expect(notice).to_be_hidden()


def test_a_question_of_another_tab_on_this_branch_appears(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "First")
    chat.wire.script(text("Yes."))
    page = chat.open(alice, address(conversation))
    other = chat.another(page.context, address(conversation))
    ask(other, "Really?")
    expect(said(page)).to_have_text(["Hello", "Really?"])
    expect(answer(page)).to_contain_text("Yes.")
    ended(page)
