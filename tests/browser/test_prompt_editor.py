"""The editor of a prompt in a real browser: written on the left, seen on the right, tried below."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from prompts.models import CaseResult, CaseRun, Prompt, PromptCase
from prompts.rendering import Variable
from tests.browser.aside import expect
from tests.browser.pages import PHONE, WIDE, Chat
from tests.prompts.factories import content, make_prompt, publisher
from tests.wire import status, text

pytestmark = pytest.mark.browser

AXE = Path(__file__).with_name("axe.min.js").read_text()
TONE = Variable(name="tone", required=False, default="friendly", sample="dry")


@pytest.fixture
def prompt(chat: Chat) -> Prompt:
    """Two versions, the first of them active, and a case that fails over the second."""
    made = make_prompt(
        *(content(f"Be {{{{ tone }}}}, {word}.", variables=(TONE,)) for word in ("brief", "long"))
    )
    case = PromptCase.objects.create(prompt=made, name="Stays dry", variables={"tone": "dry"})
    run = CaseRun.objects.create(version=made.versions.get(number=2), status="done", total=1)
    CaseResult.objects.create(
        run=run, case=case, name=case.name, passed=False, output="Hi", verdicts=[failed("contains", "dry")]
    )
    return made


def failed(kind: str, value: str) -> dict[str, Any]:
    return {"kind": kind, "value": value, "passed": False, "reason": "The answer does not have it."}


def where(prompt: Prompt, name: str = "change", *more: int) -> str:
    return reverse(f"admin:prompts_prompt_{name}", args=[prompt.pk, *more])


def test_what_is_written_is_seen_as_it_will_be_sent(chat: Chat, prompt: Prompt) -> None:
    page = chat.open(publisher(), where(prompt))
    expect(page.locator("#preview")).to_contain_text("Be dry, long.")
    page.get_by_label("System", exact=True).fill(
        "Be {{ tone }} to {{ nick }}{{# sign }}, {{ sign }}{{/ sign }}."
    )
    expect(page.locator(".editor pre mark.unknown").first).to_have_text("{{ nick }}")
    expect(page.locator("#unknown")).to_contain_text("“nick”, “sign” is no variable")
    expect(page.locator("#preview mark.unknown").first).to_have_text("{{ nick }}")
    page.get_by_role("button", name="Add variable").click()
    page.keyboard.type("Ada")
    page.get_by_role("button", name="Add variable").click()
    expect(page.locator("#unknown")).to_be_hidden()
    expect(page.locator("#preview")).to_contain_text("Be dry to Ada.")
    page.keyboard.type("a pirate")
    expect(page.locator("#preview")).to_contain_text("Be dry to Ada, a pirate.")
    expect(page.locator("#changes ins").first).to_contain_text("{{ nick }}")
    expect(page.locator("#changes .changed")).to_contain_text("tone, nick, sign")
    expect(page.locator("#facts")).to_contain_text("tokens")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("main")).to_contain_text("Version 3 is saved. Version 1 stays active.")
    saved = prompt.versions.get(number=3)
    assert [(each["name"], each["required"]) for each in saved.variables][1:] == [
        ("nick", True),
        ("sign", False),
    ]
    live = prompt.labelled()
    assert live
    assert live.number == 1


def test_messages_are_added_and_faults_stand_beside_them(chat: Chat, prompt: Prompt) -> None:
    page = chat.open(publisher(), where(prompt))
    page.get_by_label("Text of message 1").fill("Hello")
    page.get_by_role("button", name="Add message").click()
    page.keyboard.type("Hi {{# tone }}")
    fault = page.locator(".message").nth(2).locator(".faults")
    expect(fault).to_contain_text("has no end")
    page.keyboard.type("there{{/ tone }}")
    expect(fault).to_have_count(0)
    page.get_by_label("Who says message 2").select_option("assistant")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("main")).to_contain_text("Version 3 is saved.")
    assert [each["role"] for each in prompt.versions.get(number=3).messages] == [
        "system",
        "user",
        "assistant",
    ]


def test_a_draft_outlives_the_tab_until_it_is_discarded(chat: Chat, prompt: Prompt) -> None:
    page = chat.open(publisher(), where(prompt))
    page.get_by_label("System", exact=True).fill("Half a thought")
    expect(page.locator("#draft-state")).to_contain_text("Draft kept")
    page.reload()
    expect(page.get_by_label("System", exact=True)).to_have_value("Half a thought")
    expect(page.locator("#preview")).to_contain_text("Half a thought")
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_label("System", exact=True)).to_have_value("Be {{ tone }}, long.")
    page.reload()
    expect(page.get_by_label("System", exact=True)).to_have_value("Be {{ tone }}, long.")
    assert prompt.versions.count() == 2


def test_draft_and_production_answer_side_by_side(chat: Chat, prompt: Prompt) -> None:
    chat.wire.script(text("Good", " day"), text("Good", " day"))
    page = chat.open(publisher(), where(prompt))
    page.get_by_label("System", exact=True).fill("Be {{ tone }} and new.")
    page.get_by_role("button", name="Ask both").click()
    for side in ("1", "draft"):
        shown = page.locator(f"[data-side='{side}']")
        expect(shown.locator(".reply")).to_have_text("Good day")
        expect(shown.locator(".facts")).to_contain_text("local:smollm2")
    asked = {request.body["messages"][0]["content"] for request in chat.wire.requests}
    assert asked == {"Be dry, brief.", "Be dry and new."}


def test_stopping_closes_both_models_and_an_error_is_a_sentence(chat: Chat, prompt: Prompt) -> None:
    held = [chat.wire.gate(), chat.wire.gate()]
    chat.wire.script(*(text("One", " two", gate=each) for each in held))
    page = chat.open(publisher(), where(prompt))
    page.get_by_role("button", name="Ask both").click()
    for each in held:
        each.let(1)
    for side in ("1", "draft"):
        expect(page.locator(f"[data-side='{side}'] .reply")).to_have_text("One")
    page.get_by_role("button", name="Stop both").click()
    for side in ("1", "draft"):
        expect(page.locator(f"[data-side='{side}'] .facts")).to_have_text("Stopped.")
    chat.wire.script(status(400), status(400))
    page.get_by_role("button", name="Ask both").click()
    expect(page.locator("[data-side='draft'] .facts .worse")).to_have_text(re.compile(r"\w+ .*\."))


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", {**PHONE, "width": 320})])
def test_axe_finds_nothing_on_any_page(chat: Chat, prompt: Prompt, theme: str, size: Any) -> None:
    run = CaseRun.objects.get()
    pages = [
        where(prompt),
        reverse("admin:prompts_prompt_add"),
        where(prompt, "version", 2),
        where(prompt, "publish", 2),
        reverse("admin:prompts_caserun_change", args=[run.pk]),
    ]
    page = chat.open(publisher(), pages[0], color_scheme=theme, viewport=size)
    for address in pages:
        page.goto(chat.url + address)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        shown = [(rule["id"], node["html"][:120]) for rule in found for node in rule["nodes"]]
        assert shown == [], address
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], address


def test_without_scripts_a_version_is_written_all_the_same(chat: Chat, prompt: Prompt) -> None:
    page = chat.open(publisher(), where(prompt), java_script_enabled=False)
    expect(page.locator("#preview")).to_contain_text("Be dry, long.")
    page.get_by_label("System", exact=True).fill("Be plain.")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("main")).to_contain_text("Version 3 is saved.")


def test_a_call_becomes_a_case_in_one_click(chat: Chat, carol: User) -> None:
    chat.wire.script(text("Hi Carol"))
    page = chat.open(carol)
    page.locator("#text").fill("Who are you?")
    page.locator("#send").click()
    expect(page.locator(".answer[data-status=completed]")).to_be_visible()
    page.goto(f"{chat.url}/usage/")
    page.locator("a[href^='/usage/calls/']:not([href*='?'])").first.click()
    page.get_by_role("link", name="assistant, version 1").click()
    expect(page.get_by_role("main")).to_contain_text("You are a helpful assistant.")
    page.go_back()
    page.get_by_role("button", name="Make a test case").click()
    expect(page.get_by_text("The test case is made.")).to_be_visible()
    case = PromptCase.objects.get(name="Who are you?")
    assert (case.prompt.slug, case.messages) == ("assistant", [{"role": "user", "content": "Who are you?"}])
    room = page.locator(".tabular").evaluate("(table) => table.scrollWidth <= table.clientWidth")
    assert room, "a column of the checks is out of sight"
    page.locator("[name='checks-0-kind']").select_option(label="contains")
    page.locator("[name='checks-0-value']").fill("Carol")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert [(check.kind, check.value) for check in case.checks.all()] == [("contains", "Carol")]
