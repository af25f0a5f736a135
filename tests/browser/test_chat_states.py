"""States that people meet, and what they can do in each."""

import re

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from chat.models import Conversation, Feedback
from tests.browser.aside import expect
from tests.browser.pages import Chat, address, answer, ask, ended
from tests.chat.threads import add_answer, make_conversation
from tests.wire import status, text

pytestmark = pytest.mark.browser


def test_escape_stops_an_answer_which_keeps_its_text(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(text("It is", " long", gate=held))
    page = chat.open(alice)
    ask(page)
    held.let(1)
    expect(answer(page)).to_contain_text("It is")
    page.keyboard.press("Escape")
    expect(ended(page, "stopped")).to_contain_text("You stopped this answer.")
    expect(page.locator("#announce")).to_have_text("Answer stopped")
    expect(page.locator("#text")).to_be_focused()


def test_a_rate_limit_is_counted_down_and_tried_again_once_by_itself(chat: Chat, alice: User) -> None:
    chat.wire.script(status(429, retry_after=300), status(429, retry_after=300))
    page = chat.open(alice)
    page.clock.install()
    ask(page)
    button = ended(page, "error").locator("[data-again]")
    expect(button).to_have_text(re.compile(r"Trying again in \d+ s"))
    expect(button).to_be_disabled()
    page.clock.fast_forward(310_000)
    expect(answer(page)).to_contain_text("2 / 2")
    expect(button).to_have_text(re.compile(r"Retry in \d+ s"))


def test_who_does_not_want_that_presses_cancel(chat: Chat, alice: User) -> None:
    chat.wire.script(status(429, retry_after=300))
    page = chat.open(alice)
    page.clock.install()
    ask(page)
    last = ended(page, "error")
    last.get_by_role("button", name="Cancel").click()
    page.clock.fast_forward(310_000)
    expect(last.locator("[data-again]")).to_have_text("Retry")
    expect(last.locator("[data-again]")).to_be_enabled()
    assert len(chat.wire.requests) == 1


def test_a_draft_outlives_a_reload(chat: Chat, alice: User) -> None:
    page = chat.open(alice)
    page.locator("#text").fill("Half a thought")
    page.reload()
    expect(page.locator("#text")).to_have_value("Half a thought")


def test_a_thumb_takes_a_note(chat: Chat, alice: User) -> None:
    page = chat.open(alice, address(make_conversation(alice, "Hello", "Hi")))
    page.get_by_role("button", name="Bad answer").click()
    page.locator("#why").fill("Too short.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#note")).to_be_hidden()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    kept = Feedback.objects.get()
    assert (kept.value, kept.note) == (-1, "Too short.")


def test_a_deleted_conversation_can_be_had_back(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi", title="Keep me")
    page = chat.open(alice, address(conversation))
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#deleted")).to_contain_text("“Keep me” was deleted.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#title")).to_have_text("Keep me")
    assert Conversation.objects.visible_to(alice).count() == 1


def test_the_offer_goes_after_ten_seconds(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, title="Gone")
    page = chat.open(alice, address(conversation))
    page.clock.install()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#deleted")).to_be_visible()
    expect(page).to_have_url(f"{chat.url}/")  # the script has taken the offer on
    page.mouse.move(0, 0)
    page.clock.fast_forward(11_000)
    expect(page.locator("#deleted")).to_have_count(0)


def test_the_chosen_model_and_prompt_answer(chat: Chat, alice: User, settings: Settings) -> None:
    chat.wire.script(text("Hi."))
    models = {"parley_models": "local:smollm2,local:other"}
    settings.PARLEY = settings.PARLEY.model_copy(update=models)
    page = chat.open(alice)
    page.get_by_label("Model").select_option("local:other")
    ask(page)
    ended(page)
    assert chat.wire.requests[0].body["model"] == "other"
    page.reload()
    expect(page.get_by_label("Model")).to_have_value("local:other")


def test_the_list_is_searched_by_what_was_said(chat: Chat, alice: User) -> None:
    make_conversation(alice, "How do I prune a pear tree?", "In winter.", title="Garden")
    make_conversation(alice, "Hello", "Hi", title="Other")
    page = chat.open(alice)
    page.get_by_label("Search titles and texts").fill("winter")
    expect(page.locator("#conversations li")).to_have_text([re.compile("Garden")])


def test_without_javascript_a_form_asks_and_the_page_reads(chat: Chat, alice: User) -> None:
    chat.wire.always(text("Hi there."))
    page = chat.open(alice, java_script_enabled=False)
    page.locator("#text").fill("Hello")
    page.locator("#send").click()
    expect(page.locator(".asked .said")).to_have_text("Hello")
    chat.wire.wait(lambda: bool(chat.wire.requests) and chat.wire.requests[0].done)
    expect(page.get_by_role("link", name="Load again")).to_be_visible()
    for _ in range(20):
        page.get_by_role("link", name="Load again").click()
        if page.locator(".answer[data-status=completed]").count():
            break
    expect(answer(page)).to_contain_text("Hi there.")


def test_without_javascript_nothing_stands_there_that_only_a_script_could_do(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "Half", status="interrupted")
    page = chat.open(alice, address(conversation), java_script_enabled=False)
    expect(answer(page).locator(".notice")).to_contain_text("Everything above is saved.")
    expect(page.locator("main button:not([type=submit], [popovertarget]):visible")).to_have_count(0)


def test_an_answer_that_failed_can_be_asked_for_again_anywhere(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "Half", status="interrupted")
    chat.wire.script(text("Whole."))
    page = chat.open(alice, address(conversation))
    answer(page).get_by_role("button", name="Answer again").click()
    expect(answer(page)).to_contain_text("Whole.")
    ended(page)


def test_an_answer_that_was_cut_off_can_go_on(chat: Chat, alice: User) -> None:
    conversation = make_conversation(alice, "Count")
    add_answer(conversation, "One, two,", status="interrupted")
    chat.wire.script(text(" three."))
    page = chat.open(alice, address(conversation))
    answer(page).get_by_role("button", name="Continue").click()
    expect(answer(page)).to_contain_text("One, two, three.")
    expect(ended(page).locator(".siblings")).to_contain_text("2 / 2")
