import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.chat.threads import add_answer, make_conversation


@pytest.mark.django_db(transaction=True)
def test_messages_are_the_newest_thread_or_all_of_the_tree(client: Client, alice: User) -> None:
    client.force_login(alice)
    conversation = make_conversation(alice, "Hello", "Hi")
    add_answer(conversation, "He", status="streaming", flushes=("He", "llo"))
    at = f"/api/v1/conversations/{conversation.pk}/messages"
    thread = client.get(at).json()["messages"]
    tree = client.get(f"{at}?all=1").json()["messages"]
    assert [message["content"] for message in thread] == ["Hello", "Hello"]
    assert [message["content"] for message in tree] == ["Hello", "Hi", "Hello"]
    assert tree[1]["parent"] == tree[2]["parent"] == tree[0]["id"]
    assert tree[2]["seq"] == 2
