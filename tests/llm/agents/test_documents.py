"""Documents are cut into passages, found by any of their words, and by their owner alone."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from llm.agents.documents import search
from llm.models import Document
from llm.models.documents import PASSAGE, passages

pytestmark = pytest.mark.django_db


def found(user: User, query: str) -> list[str]:
    return [one.title for one in search(user.pk, query, 5)]


def test_the_best_passage_comes_first(alice: User) -> None:
    Document.objects.store(alice, "Lunch", "Lunch is at noon, on holidays too.")
    Document.objects.store(alice, "Holidays", "Holidays are thirty days; holidays are paid.")
    assert found(alice, "How many days of holiday?")[0] == "Holidays"
    assert found(alice, "caf\u00e9") == []


@pytest.mark.parametrize(
    "query", ['"', "NEAR(a b)", "a AND OR", "*", "'; DROP TABLE", "title:x", "a:* | !b", ""]
)
def test_no_sign_of_a_query_means_anything(alice: User, query: str) -> None:
    Document.objects.store(alice, "Paper", "Paper comes from Miller.")
    assert found(alice, query) in ([], ["Paper"])


def test_a_deleted_document_is_not_found(alice: User, bob: User) -> None:
    Document.objects.store(alice, "Paper", "Paper comes from Miller.")
    assert found(alice, "miller") == ["Paper"]
    assert found(bob, "miller") == []
    Document.objects.visible_to(alice).delete()
    assert found(alice, "miller") == []


def test_passages_lose_nothing() -> None:
    text = "\n\n".join(["word " * 500, "short", "x" * 3000])
    cut = list(passages(text))
    assert all(len(one) <= PASSAGE for one in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_document_is_added_in_the_admin(client: Client, carol: User, alice: User) -> None:
    client.force_login(carol)
    url = reverse("admin:llm_document_add")
    assert client.get(url).status_code == 200
    wrong = client.post(url, {"user": alice.pk, "title": "x", "text": ""})
    assert "Write a text, or choose a file." in wrong.content.decode()
    file = SimpleUploadedFile("a.md", b"Paper comes from Miller.")
    assert client.post(url, {"user": alice.pk, "title": "Paper", "file": file}).status_code == 302
    document = Document.objects.get()
    assert (document.user, found(alice, "paper")) == (alice, ["Paper"])
    shown = client.get(reverse("admin:llm_document_change", args=[document.pk])).content.decode()
    assert "comes from Miller" in shown
