"""The story that the README tells: a newcomer signs in, asks, watches the answer, and finds what it cost."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.browser.conftest import PASSWORD, Site

pytestmark = [pytest.mark.browser, pytest.mark.local_model]

QUESTION = "Write a short list of three good habits for a small software team."


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#text")).to_be_visible()


def frames_of(page: Page) -> list[dict[str, Any]]:
    """Collect what the server says over the page's sockets from now on."""
    frames: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: frames.append(json.loads(data)))

    page.on("websocket", listen)
    return frames


def test_a_newcomer_chats_with_a_real_model_and_sees_what_it_cost(site: Site, browser: Browser) -> None:
    assert len(site.printed.splitlines()) < 10
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    frames = frames_of(page)
    sign_in(page, site)
    page.locator("#text").fill(QUESTION)
    page.locator("#send").click()

    expect(page.locator(".answer[data-status=completed]")).to_be_visible(timeout=60_000)
    deltas = [frame for frame in frames if frame["type"] == "delta"]
    assert len(deltas) >= 3
    said = "".join(delta["text"] for delta in deltas)
    assert frames[-1]["type"] == "end"
    if kept := os.environ.get("PARLEY_TEST_SCREENSHOT"):
        page.screenshot(path=Path(kept))

    page.reload()
    expect(page.locator(".asked .said")).to_have_text(QUESTION)
    first_words = " ".join(said.split()[:1])
    expect(page.locator(".answer .prose")).to_contain_text(first_words.strip("*#-1. "))

    with closing(sqlite3.connect(site.database)) as database:
        [call] = database.execute("SELECT feature, provider, model, outcome, cost FROM llm_call").fetchall()
        [(stored,)] = database.execute("SELECT content FROM chat_message WHERE role = 'assistant'").fetchall()
    assert call[:4] == ("chat", "local", "smollm2", "ok")
    assert stored == said

    page.goto(f"{site.url}/usage/")
    expect(page.get_by_role("main")).to_contain_text("smollm2")
    assert faults == []
    page.close()


def test_an_edit_of_the_prompt_reaches_the_next_message(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    sign_in(page, site)
    page.goto(f"{site.url}/admin/prompts/prompt/")
    page.get_by_role("link", name="Assistant").first.click()
    page.get_by_label("System").fill("Answer in a {{ tone }} tone with one short sentence.")
    page.get_by_role("button", name="Save as version 2").click()
    page.get_by_role("link", name="Publish version 2").first.click()
    page.get_by_role("button", name="Publish version 2").click()
    page.goto(site.url)
    page.locator("#text").fill("What is a database index?")
    page.locator("#send").click()
    expect(page.locator(".answer[data-status=completed] .made")).to_contain_text(
        "assistant v2", timeout=60_000
    )
    page.close()


def test_the_providers_page_tests_the_local_model(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    sign_in(page, site)
    page.goto(f"{site.url}/providers/")
    card = page.locator("#local")
    card.get_by_role("button", name="Test").click()
    expect(card).to_contain_text("smollm2 answered", timeout=30_000)
    page.close()


def test_an_agent_calculates_in_the_chat(site: Site, browser: Browser) -> None:
    """Whether a small model words the result well is its own affair: the tool's is certain."""
    page = browser.new_page()
    sign_in(page, site)
    page.get_by_label("Tools").check()
    page.locator("#text").fill("What is 37 * 43?")
    page.locator("#send").click()
    card = page.locator(".answer .steps li", has_text="calculate")
    expect(card).to_contain_text("37 * 43 = 1591", timeout=120_000)
    expect(page.locator(".answer:not([data-status=streaming])")).to_be_visible(timeout=60_000)
    page.close()
