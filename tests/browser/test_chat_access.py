"""The chat for everyone: what axe finds, what keys do, what a screen reader hears, how narrow it may be."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page
from pytest_django import Settings

from tests.browser.aside import expect
from tests.browser.pages import PHONE, WIDE, Chat, address, answer, ask, ended
from tests.chat.threads import add_answer, make_conversation
from tests.wire import text

pytestmark = pytest.mark.browser

AXE = Path(__file__).with_name("axe.min.js").read_text()
ANSWER = """\
Some *words*.

| a | b |
|---|--:|
| 1 | 2 |

```python
def f(): return 'x'  # why
```

[a link](https://example.com)"""
STILL = """Promise.all(document.getAnimations()
  .filter((one) => one.effect.getTiming().iterations !== Infinity)
  .map((one) => one.finished))"""
RIGHT = """[...document.querySelectorAll('.answer .prose > p')].map((p) => {
  const range = document.createRange();
  range.selectNodeContents(p);
  return range.getBoundingClientRect().left - p.getBoundingClientRect().left > 1;
})"""
COLUMNS = """[
  [...document.querySelectorAll('.prose td')].map((cell) => cell.getBoundingClientRect().right),
  getComputedStyle(document.querySelector('.prose pre')).direction,
]"""
AT_END = "document.documentElement.scrollHeight - innerHeight - scrollY < 2"
HEARD = """() => {
  window.heard = [];
  const line = document.querySelector('#announce');
  new MutationObserver(() => window.heard.push(line.textContent))
    .observe(line, { childList: true, characterData: true, subtree: true });
}"""
LOOKS = [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)]
NAMES = ["light wide", "dark wide", "light phone", "dark phone"]


def violations(page: Page) -> list[Any]:
    """What axe finds, once nothing moves any more."""
    page.evaluate(STILL)
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [
        (rule["id"], node["html"][:200], node["failureSummary"]) for rule in found for node in rule["nodes"]
    ]


def is_too_wide(page: Page) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


@pytest.mark.parametrize(("theme", "size"), LOOKS, ids=NAMES)
def test_axe_finds_nothing_in_any_state(chat: Chat, alice: User, theme: Any, size: Any) -> None:
    held = chat.wire.gate()
    chat.wire.script(text(*ANSWER.splitlines(keepends=True), gate=held))
    page = chat.open(alice, viewport=size, color_scheme=theme)
    assert violations(page) == []

    ask(page, "Hello")
    held.let(9)
    expect(answer(page)).to_contain_text("def f()")
    assert violations(page) == []
    page.keyboard.press("Escape")
    ended(page, "stopped")
    assert violations(page) == []
    assert not is_too_wide(page)

    conversation = make_conversation(alice, "Hello", ANSWER, "And?", title="Done")
    add_answer(
        conversation, "", status="error", error_code="rate_limited", error_text="It is busy.", retry_after=60
    )
    add_answer(conversation, "Half", status="interrupted")
    page.goto(chat.url + address(conversation))
    expect(page.locator(".hl-keyword").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Previous version").click()
    expect(answer(page)).to_contain_text("It is busy.")
    assert violations(page) == []


@pytest.mark.parametrize("opened", ["#keys", "#note", "#more", "#account"])
def test_axe_finds_nothing_in_what_opens(chat: Chat, alice: User, opened: str) -> None:
    page = chat.open(alice, address(make_conversation(alice, "Hello", "Hi", title="Open")))
    page.locator(opened).evaluate("(e) => e.showModal ? e.showModal() : e.showPopover()")
    assert violations(page) == []


def test_a_narrow_page_at_double_size_reads_without_scrolling_sideways(chat: Chat, alice: User) -> None:
    page = chat.open(
        alice, address(make_conversation(alice, "x" * 300, ANSWER)), viewport={"width": 320, "height": 640}
    )
    assert not is_too_wide(page)
    page.set_viewport_size({"width": 640, "height": 640})
    page.evaluate("() => { document.documentElement.style.zoom = 2 }")
    assert not is_too_wide(page)


def test_a_page_in_hebrew_runs_from_right_to_left_and_each_paragraph_its_own_way(
    chat: Chat, alice: User, settings: Settings
) -> None:
    settings.LANGUAGES = [("en", "English"), ("he", "עברית")]
    said = "שלום עולם\n\nHello\n\n- אחד\n\n| א | ב |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```"
    page = chat.open(alice, address(make_conversation(alice, "שלום", said)), locale="he-IL")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert page.evaluate(RIGHT) == [True, False]
    [first, second], code = page.evaluate(COLUMNS)
    assert first > second
    assert code == "ltr"
    assert violations(page) == []
    assert not is_too_wide(page)
    edges = "document.querySelector('#sidebar').getBoundingClientRect().right"
    assert page.evaluate(edges) == page.evaluate("document.documentElement.clientWidth")
    page.set_viewport_size({"width": 360, "height": 740})
    assert not is_too_wide(page)


def test_a_screen_reader_hears_the_beginning_and_the_end(chat: Chat, alice: User) -> None:
    chat.wire.script(text("One. ", "Two. ", "Three."))
    page = chat.open(alice)
    page.evaluate(HEARD)
    ask(page)
    ended(page)
    expect(page.locator("#announce")).to_have_text("Answer complete")
    assert page.evaluate("window.heard") == ["Answer is being written", "Answer complete"]
    assert answer(page).get_attribute("aria-busy") is None


def test_an_answer_moves_nothing_and_nobody_who_asked_for_stillness(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(text("One. ", "Two.", gate=held))
    page = chat.open(alice, reduced_motion="reduce")
    ask(page)
    held.let(1)
    expect(answer(page)).to_contain_text("One.")
    page.locator("#find").focus()
    running = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert page.evaluate(running) == 0
    held.open()
    ended(page)
    expect(page.locator("#title")).to_have_text("Hello")
    expect(page.locator("#find")).to_be_focused()


def test_who_has_scrolled_up_is_left_there_and_led_to_new_text(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(text("Line\n\n" * 60, "More\n\n" * 20, "Last", gate=held))
    page = chat.open(alice)
    ask(page)
    held.let(1)
    page.wait_for_function(f"() => {AT_END} && scrollY > 100")
    expect(page.locator("#to-end")).to_be_hidden()
    page.mouse.move(640, 300)
    page.mouse.wheel(0, -600)
    expect(page.locator("#to-end")).to_be_visible()
    before = page.evaluate("scrollY")
    held.let(1)
    expect(answer(page)).to_contain_text("More")
    assert page.evaluate("scrollY") == before
    page.get_by_role("button", name="New text").click()
    page.wait_for_function(f"() => {AT_END}")
    held.open()
    ended(page)
    page.wait_for_function(f"() => {AT_END}")


def test_by_choice_it_hears_the_sentences(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(text("One is here. ", "Two.", gate=held))
    page = chat.open(alice)
    page.get_by_role("button", name="alice").click()
    page.get_by_role("button", name="By sentence").click()
    page.keyboard.press("Escape")
    page.evaluate(HEARD)
    ask(page)
    page.wait_for_timeout(50)
    held.open()
    ended(page)
    expect(page.locator("#announce")).to_contain_text("Answer complete")
    words = " ".join(page.evaluate("window.heard"))
    assert "One is here." in words
    assert "Two." in words
    page.goto(f"{chat.url}/account/")
    expect(page.get_by_role("button", name="By sentence")).to_have_attribute("aria-pressed", "true")


def test_a_question_mark_lists_the_keys(chat: Chat, alice: User) -> None:
    page = chat.open(alice)
    page.locator("#text").press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#text")).to_be_focused()
    page.locator("#text").press_sequentially("Why?")
    expect(page.locator("#text")).to_have_value("Why?")


def test_shift_enter_starts_a_line_and_enter_sends(chat: Chat, alice: User) -> None:
    chat.wire.script(text("Hi."))
    page = chat.open(alice)
    page.locator("#text").press_sequentially("a")
    page.locator("#text").press("Shift+Enter")
    page.locator("#text").press_sequentially("b")
    page.locator("#text").press("Enter")
    expect(page.locator(".asked .said")).to_have_text("a\nb", use_inner_text=True)
    ended(page)
    expect(page.locator("#text")).to_be_focused()
