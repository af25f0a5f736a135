"""Batches in the admin: upload, watch, cancel, try again, download."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import reverse

from llm.models import Batch
from tests.config.calling import SENTIMENT
from tests.llm.batches.conftest import make_batch, worked
from tests.wire import WireServer, text

pytestmark = pytest.mark.django_db(transaction=True)

ADD = "/admin/llm/batch/add/"


@pytest.fixture
def staff(client: Client, carol: User) -> Client:
    client.force_login(carol)
    return client


def sent(client: Client, content: bytes, name: str = "reviews.csv", **fields: Any) -> Any:
    form = {"schema": "sentiment", "concurrency": 4, "timeout": 60, "cache": "on", **fields}
    return client.post(ADD, {**form, "file": SimpleUploadedFile(name, content)})


def page(batch: Batch) -> str:
    return reverse("admin:llm_batch_change", args=[batch.pk])


def test_a_file_is_sent_watched_and_fetched(staff: Client, carol: User, model: WireServer) -> None:
    model.script(text("No."), text("No.")).always(text(SENTIMENT))
    reply = sent(staff, b"id,text\n1,Bad & <b>bold</b>\n2,Good\n", concurrency=1)
    batch = Batch.objects.get()
    assert reply.url == page(batch)
    assert (batch.user, batch.title, batch.total, batch.concurrency) == (carol, "reviews.csv", 2, 1)
    waits = staff.get(page(batch)).content.decode()
    assert "0 of 2 done" in waits
    assert "data-progress" in waits
    worked(batch)
    done = staff.get(page(batch)).content.decode()
    assert "2 of 2 done, 1 failed" in done
    assert "Bad &amp; &lt;b&gt;bold" in done
    assert "The model gave no valid answer in 2 attempts." in done
    assert reverse("batch_results", args=[batch.pk, "csv"]) in done
    assert "data-progress" not in done
    stands = staff.get(reverse("admin:llm_batch_progress", args=[batch.pk])).json()
    assert (stands["active"], stands["done"], stands["told"]) == (False, 2, "2 of 2 done, 1 failed")


@pytest.mark.parametrize(
    ("content", "fields", "says"),
    [
        (b"id,review\n1,a\n", {}, "Say which column holds the texts. There are: id, review."),
        (b"id,review\n1,a\n", {"column": "words"}, "There is no column words."),
        (b"id,text\n1,a\n2\n", {}, "Line 3: It has 1 fields, and the first line names 2 columns."),
        (b"text\n\xff\n", {}, "Line 2: It is not UTF-8."),
        (b"text\n", {}, "There is no text in it."),
        (b"text\na\n", {"concurrency": 65}, "less than or equal to 64"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    staff: Client, prompts: None, content: bytes, fields: Any, says: str
) -> None:
    assert says in sent(staff, content, **fields).content.decode()
    assert not Batch.objects.exists()


def test_a_batch_is_cancelled_and_tried_again(staff: Client, alice: User, model: WireServer) -> None:
    model.always(text(SENTIMENT))
    batch = make_batch(alice, "a", "b")
    said = staff.post(reverse("admin:llm_batch_cancel", args=[batch.pk]), follow=True)
    assert "The batch is cancelled." in said.content.decode()
    batch.refresh_from_db()
    assert batch.status == "cancelled"
    said = staff.post(reverse("admin:llm_batch_retry", args=[batch.pk]), follow=True)
    assert "2 texts are queued again." in said.content.decode()
    assert worked(batch).status == "completed"


def test_all_batches_are_listed_with_how_far_they_are(staff: Client, alice: User, prompts: None) -> None:
    make_batch(alice, "a", "b", title="mails.csv")
    listed = staff.get("/admin/llm/batch/").content.decode()
    assert "mails.csv" in listed
    assert "0 of 2 done" in listed


def test_who_may_only_look_starts_and_stops_nothing(client: Client, alice: User, bob: User) -> None:
    batch = make_batch(alice, "a")
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_batch"))
    client.force_login(bob)
    shown = client.get(page(batch))
    assert (shown.status_code, "Cancel the batch" in shown.content.decode()) == (200, False)
    assert client.get(ADD).status_code == 403
    assert client.post(reverse("admin:llm_batch_cancel", args=[batch.pk])).status_code == 403
    assert client.post(reverse("admin:llm_batch_retry", args=[batch.pk])).status_code == 403


async def test_results_are_for_the_owner_and_for_staff(
    alice: User, bob: User, carol: User, prompts: None
) -> None:
    batch = await sync_to_async(make_batch)(alice, "a")
    address = reverse("batch_results", args=[batch.pk, "csv"])
    assert [await fetched(user, address) for user in (alice, bob, carol)] == [200, 404, 200]
    assert await fetched(None, address) == 404


async def fetched(user: User | None, address: str) -> int:
    client = AsyncClient()
    if user:
        await client.aforce_login(user)
    response = await client.get(address)
    if isinstance(response, StreamingHttpResponse):
        assert b"".join([part async for part in response.streaming_content])
    status: int = response.status_code
    return status
