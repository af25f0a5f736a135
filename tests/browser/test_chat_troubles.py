"""What goes wrong around a person: no line, no money, no model; nothing of theirs is lost."""

import random
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page
from pydantic import SecretStr
from pytest_django import Settings

from chat import door, titles
from chat.models import Conversation, Message
from llm import runloop
from llm.models import Budget
from tests.browser.aside import expect
from tests.browser.line import Line, line_to
from tests.browser.pages import Chat, address, answer, ask, ended
from tests.chat.threads import add_answer, add_question, make_conversation
from tests.wire import status, text

pytestmark = pytest.mark.browser

FLUSHES, EACH = 500, 24
WORDS = [f"word{n} " for n in range(FLUSHES)]
CUT = re.compile(r"net::ERR_|WebSocket connection to .* failed")  # how a browser tells of a line that is cut
UNSENT = "getComputedStyle(document.querySelector('.asked:last-child'), '::after').content"
SAID = "(document.querySelector('.answer:last-child .prose')?.textContent.trim() ?? '')"


@pytest.fixture
def line(chat: Chat) -> Iterator[Line]:
    """The browser reaches the site by a line that can be cut."""
    with line_to(urlsplit(chat.url).port or 0) as laid:
        chat.url = f"http://127.0.0.1:{laid.port}"
        yield laid
        chat.close()
        chat.contexts.clear()
        chat.faults[:] = [fault for fault in chat.faults if not CUT.search(fault)]


def sign_in(page: Page) -> None:
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password", exact=True).fill("alice's password")
    page.get_by_role("button", name="Sign in").click()


def test_20_cuts_and_reloads_lose_and_double_nothing_in_two_tabs(chat: Chat, line: Line, alice: User) -> None:
    flow, tail = chat.wire.gate(), chat.wire.gate()
    chat.wire.script(text(*WORDS, gate=flow, tail=tail))
    first = chat.open(alice)
    ask(first)
    flow.let(FLUSHES - 20 * EACH)
    expect(answer(first)).to_contain_text("word1")
    second = chat.another(first.context, urlsplit(first.url).path)
    tabs = [first, second]
    chance = random.Random(20)  # noqa: S311 no secret
    for n in range(20):
        flow.let(EACH)
        first.wait_for_timeout(chance.uniform(0, 150))
        if n % 2:
            line.blink()
        else:
            chance.choice(tabs).reload()
    whole = "".join(WORDS).strip()
    for page in tabs:
        page.bring_to_front()
        page.wait_for_function(f"() => {SAID}.endsWith('word{FLUSHES - 1}')", timeout=30_000)
        assert page.evaluate(SAID) == whole
    tail.open()
    for page in tabs:
        ended(page)
        assert page.evaluate(SAID) == whole
    assert Message.objects.get(role="assistant").content == "".join(WORDS)


def without_a_line(chat: Chat, line: Line, person: User) -> Page:
    """Return the page of a conversation whose connection was cut."""
    page = chat.open(person, address(make_conversation(person, "Hello", "Hi")))
    expect(page.locator("#conversations a").first).to_be_visible()
    page.context.set_offline(True)
    line.cut()
    expect(page.locator("#offline")).to_contain_text("You are offline.")
    return page


def test_without_a_line_a_question_waits_and_goes_once_when_it_is_back(
    chat: Chat, line: Line, alice: User
) -> None:
    chat.wire.script(text("Here I am."))
    page = without_a_line(chat, line, alice)
    ask(page, "Are you there?")
    expect(page.locator(".asked").last).to_have_class(re.compile("sending"))
    assert page.evaluate(UNSENT) == '"Not sent yet"'
    page.locator("#text").fill("Half a thought")
    line.mend()
    page.context.set_offline(False)
    expect(answer(page)).to_contain_text("Here I am.")
    ended(page)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#text")).to_have_value("Half a thought")
    assert Message.objects.filter(content="Are you there?").count() == 1


def test_a_question_that_never_left_can_be_taken_back(chat: Chat, line: Line, alice: User) -> None:
    page = without_a_line(chat, line, alice)
    ask(page, "Are you there?")
    page.locator("#text").fill("Half a thought")
    page.locator("#stop").click()
    expect(page.locator("#text")).to_have_value("Are you there?\n\nHalf a thought")
    expect(page.locator(".asked")).to_have_count(1)
    expect(page.locator("#send")).to_be_enabled()
    line.mend()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    chat.wire.script(text("Here I am."))
    ask(page, "You are there.")
    expect(ended(page)).to_contain_text("Here I am.")
    assert not Message.objects.filter(content="Are you there?").exists()


def test_a_budget_that_is_spent_is_said_with_a_way_to_see_it(
    chat: Chat, alice: User, settings: Settings
) -> None:
    site = {"openai_api_key": SecretStr("never sent"), "parley_models": "openai:gpt-5.5"}
    settings.PARLEY = settings.PARLEY.model_copy(update=site)  # the price is OpenAI's; nobody is called
    Budget.objects.create(scope="everything", period="total", limit=0)
    page = chat.open(alice)
    ask(page)
    said = ended(page, "error").locator(".notice")
    expect(said).to_contain_text("is spent")
    expect(said).to_contain_text("Your question is saved.")
    expect(said.get_by_role("link", name="Usage")).to_be_visible()
    expect(said.get_by_role("button", name="Retry")).to_be_enabled()


def test_who_is_signed_out_elsewhere_is_told_and_keeps_the_draft(chat: Chat, alice: User) -> None:
    page = chat.open(alice, address(make_conversation(alice, "Hello", "Hi")))
    page.locator("#text").fill("Half a thought")
    other = chat.another(page.context, "/usage/")
    other.locator("[popovertarget=account]").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    sign_in(page)
    expect(page.locator("#text")).to_have_value("Half a thought")


def test_who_is_signed_out_while_reading_is_told_where_to_sign_in(chat: Chat, alice: User) -> None:
    page = chat.open(alice, address(make_conversation(alice, "Hello", "Hi")))
    page.locator("#text").fill("Half a thought")
    Session.objects.all().delete()
    runloop.wait(door.check())
    banner = page.locator("#offline")
    expect(banner).to_contain_text("You are signed out.")
    expect(banner.get_by_role("button", name="Try now")).to_be_hidden()
    banner.get_by_role("link", name="Sign in").click()
    sign_in(page)
    expect(page.locator("#text")).to_have_value("Half a thought")
    expect(banner).to_be_hidden()


def test_a_new_password_in_one_tab_disturbs_no_answer_in_another_and_ends_other_sessions(
    chat: Chat, alice: User
) -> None:
    gate = chat.wire.gate()
    chat.wire.script(text("One ", "two ", "three", gate=gate))
    page = chat.open(alice)
    ask(page)
    gate.let(1)
    expect(answer(page)).to_contain_text("One")
    away = chat.another(chat.browser.new_context(), "/login/")
    sign_in(away)
    away.goto(page.url)
    expect(answer(away)).to_contain_text("One")
    other = chat.another(page.context, "/password/")
    other.locator("#id_old_password").fill("alice's password")
    for number in (1, 2):
        other.locator(f"#id_new_password{number}").fill("quite another one")
    other.locator("main [type=submit]").click()
    other.wait_for_url("**/password/done/")
    runloop.wait(door.check())
    expect(away.locator("#offline")).to_contain_text("You are signed out.")
    gate.open()
    expect(ended(page).locator(".prose")).to_have_text("One two three")
    expect(page.locator("#offline")).to_be_hidden()
    away.context.close()


def test_no_model_answers_and_then_one_does(chat: Chat, carol: User) -> None:
    chat.wire.script(status(503), status(503), status(503), text("Back again."))
    page = chat.open(carol)
    ask(page)
    said = ended(page, "error").locator(".notice")
    expect(said).to_contain_text("Your question is saved.")
    expect(said.get_by_role("link", name="Providers")).to_be_visible()
    said.locator("[data-again]").click()
    expect(answer(page)).to_contain_text("Back again.")
    ended(page)


def test_an_answer_that_ends_elsewhere_is_marked_as_unread(chat: Chat, alice: User) -> None:
    other = make_conversation(alice, "Long ago", title="Other")
    page = chat.open(alice, address(make_conversation(alice, "Hello", "Hi", title="Here")))
    page.clock.install()
    page.reload()
    add_question(other, "And?")
    add_answer(other, "So.")
    Conversation.objects.filter(pk=other.pk).update(updated_at=timezone.now())
    page.clock.fast_forward(61_000)
    listed = page.locator("#conversations").get_by_role("link", name="Other")
    expect(listed).to_contain_text("Unread answer")
    listed.click()
    expect(answer(page)).to_contain_text("So.")
    expect(page.locator("#conversations .unread")).to_have_count(0)


def test_the_title_that_a_model_made_appears(chat: Chat, alice: User) -> None:
    runloop.wait(titles.startup())
    chat.wire.script(text("Prune it in winter."), text("Pear tree care"))
    page = chat.open(alice)
    ask(page, "How and when should I prune the old pear tree in my garden?")
    ended(page)
    expect(page.locator("#title")).to_have_text("Pear tree care")
    expect(page.locator("#conversations [aria-current]")).to_contain_text("Pear tree care")
    expect(page).to_have_title("Pear tree care · Parley")
