import pytest
from django.contrib.auth.models import User
from django.test import Client

from llm.entry import Entry
from llm.ledger import _insert
from llm.models import Call, CallBody
from llm.types import Message, Owner, Reply, Request

pytestmark = pytest.mark.django_db


def booked(owner: User, question: str) -> Call:
    request = Request(messages=(Message(role="user", content=question),), owner=Owner(user_id=owner.pk))
    reply = Reply(text="Of course.", model="local:smollm2", finish="stop")
    _insert([Entry(request=request, reply=reply, outcome="ok", error="")])
    return Call.objects.get()


def test_the_page_shows_what_was_said_without_what_is_secret(client: Client, alice: User) -> None:
    call = booked(alice, "Write to bob@example.com about the parcel")
    client.force_login(alice)
    page = client.get(f"/usage/calls/{call.pk}/").content.decode()
    assert "Write to [email] about the parcel" in page
    assert "Of course." in page
    assert "bob@example.com" not in page


def test_nobody_else_sees_it(client: Client, alice: User, bob: User) -> None:
    call = booked(alice, "Hello")
    client.force_login(bob)
    assert client.get(f"/usage/calls/{call.pk}/").status_code == 404


def test_a_call_whose_texts_are_gone_says_so(client: Client, alice: User) -> None:
    call = booked(alice, "Hello")
    CallBody.objects.all().delete()
    client.force_login(alice)
    page = client.get(f"/usage/calls/{call.pk}/").content.decode()
    assert "No text of this call is kept" in page
