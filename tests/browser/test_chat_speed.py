"""A long answer and a long conversation: the page stays quick, and what it costs is printed."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from chat.models import Conversation, Message
from tests.browser.aside import expect
from tests.browser.pages import Chat, ask
from tests.wire import Pace, text

pytestmark = pytest.mark.browser

PROSE = "A sentence with *some* `code`, **bold** words and [a link](https://example.com/page) in it. " * 4
LONG = "".join(
    f"## Part {n}\n\n{PROSE}\n\n- one **bold**\n- two\n\n```python\nx = {n}  # a comment\n```\n\n"
    f"| a | b |\n|---|--:|\n| {n} | `{n}` |\n\n"
    for n in range(140)
)
TOKENS = 200  # a second
PIECE = 16  # characters: at four a token the same frames would come for a minute longer

WATCH = """() => {
  window.long = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.long.push(Math.round(task.duration));
  }).observe({ type: "longtask" });
}"""

UNTIL_ENDED = """() => new Promise((go) => {
  const list = document.querySelector("#messages");
  new MutationObserver((_, watch) => {
    if (!list.querySelector(".answer[data-status=completed]")) return;
    watch.disconnect();
    go();
  }).observe(list, { subtree: true, attributeFilter: ["data-status"] });
})"""  # Playwright's own waiting reads the page again and again


class Costs:
    """What a page has cost its process, from Chromium's own books."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def now(self) -> dict[str, float]:
        """Return seconds of scripts, and bytes of heap after a collection."""
        self._session.send("HeapProfiler.collectGarbage")
        found: list[Any] = self._session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in found}


def test_64_kb_at_200_tokens_a_second(chat: Chat, alice: User) -> None:
    assert len(LONG) > 64_000
    pieces = [LONG[at : at + PIECE] for at in range(0, len(LONG), PIECE)]
    chat.wire.script(text(*pieces, gate=Pace(TOKENS)))
    page = chat.open(alice)
    costs = Costs(page)
    before = costs.now()
    page.evaluate(WATCH)
    ask(page)
    page.evaluate(UNTIL_ENDED)
    page.wait_for_timeout(500)
    after = costs.now()
    spent = {
        name: after[name] - before[name] for name in ("ScriptDuration", "TaskDuration", "LayoutDuration")
    }
    print(f"\n64 KB at {TOKENS} tokens/s: {spent}, heap {after['JSHeapUsedSize'] / 2**20:.1f} MiB")
    tasks = page.evaluate("window.long")
    print(f"tasks over 50 ms: {tasks}")
    assert spent["ScriptDuration"] < 4  # 0.9 s on a quiet machine
    assert max(tasks, default=0) < 200  # none on a quiet machine


def test_300_messages(chat: Chat, alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="A long one")
    parent = None
    for n in range(150):
        said = {"conversation": conversation, "status": "completed"}
        asked = Message.objects.create(**said, parent=parent, role="user", content=f"Question {n}?")
        parent = Message.objects.create(**said, parent=asked, role="assistant", content=LONG[:2000])
    page = chat.open(alice)
    costs = Costs(page)
    page.goto(f"{chat.url}/c/{conversation.pk}/")
    spent = page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd")
    items = page.locator("#messages > li")
    assert items.count() == 60
    expect(items.last).to_be_in_viewport()
    print(f"\n300 messages: loaded in {spent:.0f} ms, heap {costs.now()['JSHeapUsedSize'] / 2**20:.1f} MiB")
    for shown in (120, 180, 240, 300):
        first = page.locator("#messages > li").first.get_attribute("id")
        page.locator("#earlier a").scroll_into_view_if_needed()
        expect(items).to_have_count(shown)
        expect(page.locator(f"#{first}")).to_be_in_viewport()  # the reader stays where they were
    assert page.locator("#earlier").count() == 0
    texts = page.locator(".asked .said").all_inner_texts()
    assert texts == [f"Question {n}?" for n in range(150)]
    heap = costs.now()["JSHeapUsedSize"] / 2**20
    print(f"all 300 on the page: heap {heap:.1f} MiB")
    assert heap < 60
