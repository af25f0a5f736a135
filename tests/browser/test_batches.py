"""A batch in a browser: the columns of the file are offered, the bar moves, and axe finds nothing."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from llm import runloop
from llm.batches.runner import carry_out
from llm.extraction.making import save_version
from llm.models import Batch, ExtractionSchema
from tests.browser.aside import expect
from tests.browser.pages import PHONE, WIDE, Chat
from tests.browser.test_chat_access import is_too_wide, violations
from tests.wire import text

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOOD = '{"sentiment": "positive", "confidence": 0.9, "reasoning": "Praise."}'


def test_a_file_is_sent_and_watched(chat: Chat, carol: User, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("id,review\n1,Good\n2,Bad\n")
    gate = chat.wire.gate()
    chat.wire.script(text(GOOD)).always(text(GOOD, gate=gate))
    page = chat.open(carol, "/admin/llm/batch/add/")
    page.locator("#id_file").set_input_files(file)
    expect(page.locator("#columns option")).to_have_count(2)
    page.locator("#id_schema").select_option("sentiment")
    page.locator("#id_column").fill("review")
    page.get_by_role("button", name="Start the batch").click()
    expect(page.locator("#progress-told")).to_have_text("0 of 2 done")
    work = runloop.submit(carry_out(Batch.objects.get().pk))
    expect(page.locator("#progress-told")).to_have_text("1 of 2 done", timeout=15_000)
    gate.let(1000)
    work.result(20)
    expect(page.locator(".badge")).to_have_text("completed", timeout=15_000)
    assert page.get_by_role("link", name="Download CSV").get_attribute("href")


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", PHONE)])
def test_axe_finds_nothing(chat: Chat, carol: User, theme: Any, size: Any) -> None:
    batch = Batch.objects.create(
        user=carol, schema="sentiment", total=2, done=2, failed=1, status="completed"
    )
    batch.items.create(index=0, text="Good", status="done", data=GOOD)
    batch.items.create(index=1, text="Bad", status="failed", problem='{"detail": "No.", "errors": []}')
    schema = ExtractionSchema.objects.create(name="flag")
    save_version(schema, '{"type": "boolean"}', author=carol)
    page = chat.open(carol, "/admin/llm/batch/add/", color_scheme=theme, viewport=size)
    schemas = f"/admin/llm/extractionschema/{schema.pk}"
    for address in (
        "/admin/llm/batch/add/",
        f"/admin/llm/batch/{batch.pk}/change/",
        f"{schemas}/change/",
        f"{schemas}/versions/1/",
    ):
        page.goto(chat.url + address)
        assert violations(page) == [], address
        assert not is_too_wide(page), address
