"""What a model writes, as it appears: safely, each block once, and in the end as the server renders it."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from chat.models import Message
from chat.rendering import SCHEMES, TAGS
from tests.browser.aside import expect
from tests.browser.pages import Chat, address, answer, ask, ended
from tests.chat.test_rendering import ATTACKS
from tests.chat.threads import make_conversation
from tests.wire import text

pytestmark = pytest.mark.browser

EVERYTHING = """\
Start on **SQLite**, *not* `MySQL`. ~~Never.~~ See [the manual](https://example.com/a?b=1&c=2) or ![a cat](https://example.com/cat.png).

## What decides it

Setext
------
- **Writers.** One at a time,
  and it says so.
- Machines
  1. one
  2. two

     loose

+ another list

> a quote
lazy line
> - inside

| need | SQLite | PostgreSQL |
|------|:------:|-----------:|
| open | hundreds | thousands |
| <b>raw</b> | `a|b` | |

```python
# a comment
def f(x: int) -> str:
    return "`" * x
```

    indented code

~~~
```
not the end
~~~
***
[later]: https://example.com/later

A [reference][later] and שלום עולם, then a hard\\
break & an &amp; entity.

For $a_1 < \\frac{b}{2}$ and \\(c\\), not for $5 or $10:
\\[
  \\int_0^1 x^2 \\, dx
\\]

$$
\\begin{aligned} a &= b \\\\
+ c &= d \\end{aligned}
- e
$$

1. last: $$\\sqrt{2}$$

   ```
   in a list
   ```
"""

SPLITS = """async ([attacks, tags, schemes]) => {
  const { Prose } = await import("/static/chat/prose.js");
  const wrong = [];
  window.alert = () => wrong.push("a script ran");
  const box = document.createElement("div");
  document.body.append(box);
  for (const attack of attacks) for (let at = 0; at <= attack.length; at++) {
    const element = document.createElement("div");
    box.replaceChildren(element);
    const prose = new Prose(element);
    for (const part of [attack.slice(0, at), attack.slice(at)]) { prose.append(part); prose.paint(); }
    prose.finish();
    for (const found of element.querySelectorAll("*")) {
      const { tagName, attributes, href } = found;
      const names = [...attributes].map(({ name }) => name);
      if (!tags.includes(tagName.toLowerCase())) wrong.push(`${tagName} from ${attack}`);
      if (names.some((name) => /^(on|style|src)/.test(name))) wrong.push(`${names} from ${attack}`);
      const isStrange = found.hasAttribute("href") && !schemes.some((scheme) => href.startsWith(scheme));
      if (isStrange) wrong.push(`${href} from ${attack}`);
    }
  }
  box.remove();
  return wrong;
}"""


BLOCKS = "[...document.querySelectorAll('.answer .prose > *')]"


def blocks(page: Page) -> list[str]:
    found: list[str] = page.evaluate(f"{BLOCKS}.map((e) => e.tagName)")
    return found


def test_nothing_of_an_attack_acts_wherever_it_is_cut(chat: Chat, alice: User) -> None:
    page = chat.open(alice)
    assert page.evaluate(SPLITS, [ATTACKS, sorted(TAGS), list(SCHEMES)]) == []


def test_an_answer_made_of_attacks_asks_for_nothing_elsewhere(chat: Chat, alice: User) -> None:
    chat.wire.script(text(*"\n\n".join(ATTACKS)))
    page = chat.open(alice)
    page.evaluate("() => { window.alert = () => { throw new Error('a script ran') } }")
    ask(page)
    ended(page)
    page.reload()
    ended(page)
    assert page.locator(".answer .prose :is(img, script, iframe, object, form, style)").count() == 0


def test_text_becomes_html_by_a_named_policy_alone(chat: Chat, alice: User) -> None:
    page = chat.open(alice)
    refused = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true } }"
    )
    assert refused
    chat.faults.clear()  # the browser says so on its console


@pytest.mark.parametrize("size", [1, 5, 64])
def test_every_block_that_was_written_live_is_the_servers(chat: Chat, alice: User, size: int) -> None:
    held = chat.wire.gate()
    pieces = [EVERYTHING[at : at + size] for at in range(0, len(EVERYTHING), size)]
    chat.wire.script(text(*pieces, tail=held))
    page = chat.open(alice)
    ask(page)
    expect(answer(page)).to_contain_text("in a list")
    page.wait_for_timeout(300)  # the last frame is painted
    page.evaluate(
        "document.querySelectorAll('.answer .prose > *').forEach((block) => { block.isOld = true })"
    )
    before = blocks(page)
    held.open()
    ended(page)
    swapped = page.evaluate(f"{BLOCKS}.filter((b) => !b.isOld).map((b) => b.outerHTML)")
    assert swapped == []
    assert blocks(page) == [tag for tag in before if tag != "SPAN"]  # the caret is gone


def test_a_selection_in_what_is_written_stays_while_the_rest_comes(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(
        text("First *block*.\n\n", "Second.\n\n", "```py\nx = 1\n", "y = 2\n```\n", "End.", gate=held)
    )
    page = chat.open(alice)
    ask(page)
    held.let(3)
    expect(page.locator(".answer .code")).to_contain_text("x = 1")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.answer .prose p'))")
    held.open()
    ended(page)
    assert page.evaluate("String(getSelection())") == "First block."


def test_a_formula_is_typeset_and_copied_as_tex(chat: Chat, alice: User) -> None:
    chat.wire.script(text("No formula."), text("So $x^2$ is\n\n$$\n\\frac{1}{2}\n$$\n\nand $\\nonsense$."))
    page = chat.open(alice, permissions=["clipboard-read", "clipboard-write"])
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    ask(page)
    ended(page)
    assert not [url for url in fetched if "temml" in url]
    ask(page)
    ended(page)
    expect(page.locator(".answer math")).to_have_count(2)
    assert {urlsplit(url).path for url in fetched if "temml" in url} == {
        "/static/chat/vendor/temml.js",
        "/static/chat/vendor/temml.css",
    }
    expect(page.locator(".answer code.math:not([data-tex])")).to_have_text("\\nonsense")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.answer:last-child .prose'))")
    page.locator("#messages").press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.split() == ["So", "$x^2$", "is", "$$\\frac{1}{2}$$", "and", "\\nonsense."]
    page.reload()
    expect(page.locator(".answer math")).to_have_count(2)


def test_a_formula_gives_no_element_a_name_or_an_address(chat: Chat, alice: User) -> None:
    made = r"\begin{align} a \label{text} \end{align}"
    tries = [r"\ref{text}", r"\href{https://evil.example}{x}", r"\class{banner}{x}", r"\style{color:red}{x}"]
    tex = "\n\n".join(f"$${line}$$" for line in [made, *tries])
    page = chat.open(alice, address(make_conversation(alice, "Hello", tex)))
    expect(page.locator("math").first).to_be_attached()
    assert page.locator(".prose :is([id], [href], [src])").count() == 0


LINE = "Some words that fill a line. " * 12
LONG = "".join(
    f"## Part {n}\n\n{LINE}\n\n- one **bold**\n- two\n\n```js\nlet x = {n};\n```\n\n" for n in range(160)
)

WATCH = """() => {
  window.long = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.long.push(Math.round(task.duration));
  }).observe({ type: "longtask" });
  window.added = 0;
  new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => {
    const isBlock = (node) => node.nodeType === 1 && target.matches?.(".prose");
    window.added += [...addedNodes].filter(isBlock).length;
  })).observe(document.querySelector("#messages"), { childList: true, subtree: true });
}"""


def test_a_long_answer_goes_on_the_page_once(chat: Chat, alice: User) -> None:
    assert len(LONG) > 64_000
    half = chat.wire.gate()
    pieces = [LONG[: len(LONG) // 2], *(LONG[at : at + 400] for at in range(len(LONG) // 2, len(LONG), 400))]
    chat.wire.script(text(*pieces, gate=half))
    page = chat.open(alice)
    page.evaluate(WATCH)
    ask(page)
    half.let(1)
    expect(answer(page)).to_contain_text("Part 60")
    page.wait_for_timeout(300)
    marked = page.evaluate(BLOCKS + ".slice(0, -2).map((e) => { e.isOld = true }).length")
    half.open()
    ended(page)
    kept = page.evaluate(f"{BLOCKS}.filter((e) => e.isOld).length")
    assert kept == marked > 100
    live, added, tasks = page.evaluate("[document.querySelectorAll('*').length, window.added, window.long]")
    total = page.locator(".answer .prose > *").count()
    page.reload()
    ended(page)
    final = page.evaluate("document.querySelectorAll('*').length")
    print(f"64 KB: {total} blocks, {added} put on the page, {live} nodes, {final} after a reload")
    print(f"tasks over 50 ms: {tasks}")
    assert live <= 1.2 * final
    assert added <= 4 * total  # the tail is painted again; what is sealed is not


def test_a_reload_in_mid_stream_keeps_the_text(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(text("One ", "two ", "**three**", gate=held))
    page = chat.open(alice)
    ask(page)
    held.let(2)
    expect(answer(page)).to_contain_text("One two")
    page.reload()
    expect(answer(page)).to_contain_text("One two")
    held.open()
    assert ended(page).locator(".prose").inner_text() == "One two three"
    assert answer(page).locator("strong").inner_text() == "three"


def test_two_tabs_show_the_same(chat: Chat, alice: User) -> None:
    held = chat.wire.gate()
    chat.wire.script(text("Hello *there*, ", "you.", gate=held))
    first = chat.open(alice)
    ask(first)
    held.let(1)
    expect(answer(first)).to_contain_text("Hello there")
    second = chat.open(alice, first.url.removeprefix(chat.url))
    held.open()
    shown = [ended(page).locator(".prose").inner_html() for page in (first, second)]
    assert shown[0] == shown[1]
    assert Message.objects.get(role="assistant").content == "Hello *there*, you."


def prose(page: Page) -> Any:
    return answer(page).locator(".prose")


def test_code_can_be_wrapped_and_copied_and_is_coloured(chat: Chat, alice: User) -> None:
    chat.wire.script(text("```python\ndef f(): pass\n```\n"))
    page = chat.open(alice, permissions=["clipboard-read", "clipboard-write"])
    ask(page)
    ended(page)
    expect(prose(page).locator(".hl-keyword").first).to_have_text("def")
    page.get_by_role("button", name="Wrap").click()
    expect(prose(page).locator("pre")).to_have_class("wrap")
    prose(page).get_by_role("button", name="Copy").click()
    expect(prose(page).locator("[data-copy]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "def f(): pass\n"
