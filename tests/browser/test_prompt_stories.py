"""Two stories about one prompt: an editor brings a change to people, and a developer brings one from a file.

Both happen on a site as `start` makes it, with its worker and the real local model, where a second person
must approve and test cases must pass.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, Site, environment_of, started

pytestmark = [pytest.mark.browser, pytest.mark.local_model]

SLOW = 90_000  # milliseconds: the model shares the machine with everything else
SHORT = """---
slug: assistant
title: Assistant
variables:
  - {"name": "tone", "required": false, "default": "friendly", "sample": "friendly"}
parameters: {"max_tokens": 8}
---

<!-- system -->

You are a {{ tone }} assistant.
"""
REVIEWER = """
from django.contrib.auth.models import User
User.objects.create_superuser("reviewer", password="%s")
"""


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two people, whose assistant answers in a few tokens."""
    folder = tmp_path_factory.mktemp("reviewed")
    with started(
        folder / "parley.sqlite3", PARLEY_PUBLISH_APPROVAL="on", PARLEY_PUBLISH_NEEDS_CASES="on"
    ) as site:
        (folder / "assistant.md").write_text(SHORT)
        manage(site, "prompts", "import", str(folder), "--publish")
        manage(site, "shell", "-c", REVIEWER % PASSWORD)
        yield site


def manage(site: Site, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the site's database; raises if it fails, unless it is a check."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        env=environment_of(site.database),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "check" in command or done.returncode == 0, done.stderr
    return done


def sign_in(browser: Browser, site: Site, name: str) -> Page:
    """Return a page of a browser of the person's own."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{site.url}/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#text")).to_be_visible(timeout=30_000)
    return page


def open_editor(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/admin/prompts/prompt/")
    page.get_by_role("link", name="Assistant", exact=True).click()


def save(page: Page, number: int, *, longest: str) -> None:
    page.get_by_label("Longest answer").fill(longest)
    page.get_by_role("button", name=f"Save as version {number}").click()
    expect(page.get_by_role("main")).to_contain_text(f"Version {number} is saved. Version 2 stays active.")


def run_cases(page: Page, number: int, outcome: str) -> None:
    page.get_by_role("button", name=f"Run over version {number}").click()
    expect(page.locator(".page-head")).to_contain_text(f"1 of 1 cases, {outcome}", timeout=SLOW)
    page.get_by_role("link", name=f"Publish version {number}").click()


def says_version(page: Page, site: Site, number: int) -> None:
    page.goto(site.url)
    page.locator("#text").fill("Hello")
    page.locator("#send").click()
    made = page.locator(".answer:not([data-status=streaming]) .made")
    expect(made).to_contain_text(f"assistant v{number}", timeout=SLOW)


@pytest.mark.timeout(600)
def test_an_editor_brings_a_change_to_people_and_takes_it_back(reviewed: Site, browser: Browser) -> None:
    editor, reviewer = (sign_in(browser, reviewed, name) for name in ("admin", "reviewer"))
    open_editor(editor, reviewed)
    editor.get_by_label("System", exact=True).fill("Answer in a {{ tone }} way.")
    editor.get_by_label("Sample").first.fill("grim")
    expect(editor.locator("#preview")).to_contain_text("Answer in a grim way.")
    editor.get_by_label("Longest answer").fill("7")
    editor.get_by_role("button", name="Ask both").click()
    for side in ("2", "draft"):
        figures = editor.locator(f"[data-side='{side}'] .facts")
        expect(figures).to_contain_text("local:smollm2", timeout=SLOW)

    editor.get_by_role("link", name="Add case").click()
    editor.locator("#id_name").fill("Stays short")
    editor.get_by_label("What the person says").fill("Tell me a story.")
    editor.locator("#id_checks-0-kind").select_option("max_tokens")
    editor.locator("#id_checks-0-value").fill("4")
    editor.get_by_role("button", name="Save", exact=True).click()

    open_editor(editor, reviewed)
    expect(editor.get_by_label("System", exact=True)).to_have_value("Answer in a {{ tone }} way.")  # kept
    save(editor, 3, longest="7")
    run_cases(editor, 3, "1 failed")
    expect(editor.get_by_text("Blocked")).to_be_visible()
    expect(editor.get_by_label("production: everybody")).to_be_disabled()

    open_editor(editor, reviewed)
    save(editor, 4, longest="3")
    run_cases(editor, 4, "0 failed")
    editor.get_by_label("Why").fill("Shorter answers")
    editor.get_by_role("button", name="Ask for review of version 4").click()
    expect(editor.get_by_role("main")).to_contain_text("Proposed.")
    expect(editor.get_by_role("button", name="Approve")).to_have_count(0)

    open_editor(reviewer, reviewed)
    reviewer.get_by_role("button", name="Approve").click()
    expect(reviewer.get_by_role("main")).to_contain_text("Version 4 is active. The next message uses it.")
    says_version(editor, reviewed, 4)

    open_editor(reviewer, reviewed)
    reviewer.get_by_role("button", name="Roll back to version 2").click()
    expect(reviewer.get_by_role("main")).to_contain_text("Version 2 is active.")
    says_version(editor, reviewed, 2)
    told = [
        "reviewer rolled production back from 4 to 2",
        "admin moved production from 2 to 4, approved by reviewer",
        "admin asked for review: production to 4",
        "admin ran the test cases on version 4: 0 of 1 failed",
        "admin saved version 4",
        "admin ran the test cases on version 3: 1 of 1 failed",
        "admin saved version 3",
    ]
    lines = reviewer.locator(".trail > li > span").all_inner_texts()
    assert [line[: len(said)] for line, said in zip(lines, told, strict=False)] == told
    for page in (editor, reviewer):
        page.context.close()


def test_a_developer_keeps_the_prompt_in_files(reviewed: Site, browser: Browser, tmp_path: Path) -> None:
    manage(reviewed, "prompts", "export", str(tmp_path))
    assert manage(reviewed, "prompts", "check", str(tmp_path)).returncode == 0
    with (tmp_path / "assistant.md").open("a") as file:
        file.write("\nNever use lists.\n")
    drift = manage(reviewed, "prompts", "check", str(tmp_path))
    assert drift.returncode == 1
    assert "assistant.md: message 1" in drift.stdout

    told = manage(reviewed, "prompts", "import", str(tmp_path)).stdout
    made = re.fullmatch(r"assistant.md: version (\d+), not in production\s*", told)
    assert made, told
    number = int(made[1])
    assert manage(reviewed, "prompts", "check", str(tmp_path)).returncode == 0
    page = sign_in(browser, reviewed, "admin")
    open_editor(page, reviewed)
    expect(page.locator(".page-head")).to_contain_text(
        f"Version 2 is active; below is the newer version {number}."
    )
    page.locator(".versions a").first.click()
    page.get_by_label("Compare with").select_option(str(number - 1))
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".diff ins")).to_contain_text("Never use lists.")
    expect(page.locator(".diff del")).to_have_count(0)
    page.context.close()
