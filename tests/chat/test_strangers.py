"""Another person's ids: every frame and every address of the chat answers as if they did not exist."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern

from chat import frames, keeping, urls
from chat.api import router
from chat.models import Conversation, Generation, Message
from tests.chat.conftest import Tab, with_key
from tests.chat.threads import add_answer, make_conversation

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = uuid.UUID(int=7 << 76)


def _pages() -> Iterator[tuple[str, str]]:
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        if pattern.pattern.converters:
            route = str(pattern.pattern)
            yield from (("GET", f"/{route}"), ("POST", f"/{route}"))


def _rest() -> Iterator[tuple[str, str]]:
    for path, view in router.path_operations.items():
        for operation in view.operations:
            if "{" in path:
                yield from ((method, f"/api/v1{path}") for method in operation.methods)


ADDRESSES = sorted({*_pages(), *_rest()})
NESTED = [one for one in ADDRESSES if re.search("message[>}]|generation[>}]", one[1])]
BODY = {"id": str(NOWHERE), "text": "Hi", "title": "mine", "value": 1, "note": "", "pinned": True}


class Ids:
    """The ids of a conversation, or ids that name nothing."""

    def __init__(
        self, conversation: Any = NOWHERE, message: Any = NOWHERE, generation: Any = NOWHERE
    ) -> None:
        self.conversation, self.message, self.generation = str(conversation), str(message), str(generation)

    def fill(self, route: str) -> str:
        """Put the ids into a route of Django's or of ninja's."""

        def fill(found: re.Match[str]) -> str:
            name = found[0].strip("<>{}").rpartition(":")[2]
            return {"message": self.message, "generation": self.generation}.get(name, self.conversation)

        return re.sub(r"<[^>]+>|\{[^}]+\}", fill, route)


@pytest.fixture
def his(bob: User) -> Ids:
    conversation = make_conversation(bob, "Hello", title="Bob's")
    answer = add_answer(conversation, "Hi", status="streaming", flushes=("Hi",))
    return Ids(conversation.pk, answer.pk, answer.generation.pk)


def _reply(client: Client, method: str, address: str) -> tuple[int, bytes]:
    said = client.generic(method, address, json.dumps(BODY), content_type="application/json")
    body = b"".join(said) if said.streaming else said.content
    return said.status_code, re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9]{64}", b"", body)


def test_the_list_of_addresses_is_not_empty() -> None:
    assert len(ADDRESSES) > 15


@pytest.mark.parametrize(("method", "route"), ADDRESSES)
def test_an_address_with_his_ids_is_one_that_does_not_exist(
    alice: User, his: Ids, method: str, route: str
) -> None:
    client = Client()
    client.force_login(alice)
    before = _everything()
    status, body = _reply(client, method, his.fill(route))
    assert status in (404, 405)
    assert (status, body) == _reply(client, method, Ids().fill(route))
    assert _everything() == before


@pytest.mark.parametrize(("method", "route"), NESTED)
def test_his_ids_inside_her_conversation_do_not_exist_either(
    alice: User, his: Ids, method: str, route: str
) -> None:
    client = Client()
    client.force_login(alice)
    mine = make_conversation(alice, "Hello", "Hi")
    mixed = Ids(mine.pk, his.message, his.generation)
    status, body = _reply(client, method, mixed.fill(route))
    assert status in (404, 405)
    assert (status, body) == _reply(client, method, Ids(mine.pk).fill(route))


FRAMES: dict[str, dict[str, Any]] = {
    "send": {"id": str(uuid.uuid4()), "text": "Hi", "parent": "message"},
    "stop": {"generation": "generation"},
    "regenerate": {"message": "message"},
    "edit": {"message": "question", "text": "Hi"},
    "resume": {"generation": "generation", "after": 0},
}


def test_every_frame_is_among_those_tried() -> None:
    kinds = frames.ClientFrame.__value__.__args__
    assert {kind.__struct_config__.tag for kind in kinds} == set(FRAMES)


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_frame_with_his_ids_gets_what_ids_of_nothing_get(tab: Tab, his: Ids, kind: str) -> None:
    before = await sync_to_async(_everything)()
    errors = []
    for ids in (his, Ids()):
        question = await Message.objects.filter(pk=ids.message).values_list("parent", flat=True).afirst()
        named = {"message": ids.message, "generation": ids.generation, "question": str(question or NOWHERE)}
        await tab.send(
            type=kind, **{key: named.get(str(value), value) for key, value in FRAMES[kind].items()}
        )
        errors.append(await tab.until("error"))
    assert errors[0]["code"] == "not_found"
    assert errors[0] == errors[1]
    assert await sync_to_async(_everything)() == before


async def test_his_conversation_opens_no_socket(loop: None, alice: User, his: Ids) -> None:
    said = []
    for ids in (his, Ids()):
        tab = Tab(uuid.UUID(ids.conversation), await sync_to_async(with_key)(alice))
        said.append((await tab.open(), await tab.closed_with()))
    assert said[0] == said[1]
    assert said[0][1] == 4403


def test_a_deleted_conversation_of_her_own_is_gone_for_her_too(alice: User) -> None:
    mine = make_conversation(alice, "Hello", "Hi")
    keeping.delete(alice, mine.pk)
    client = Client()
    client.force_login(alice)
    assert client.get(f"/api/v1/conversations/{mine.pk}/messages").status_code == 404


def _everything() -> list[Any]:
    """All that stands in the chat's tables."""
    kinds: tuple[Any, ...] = (Conversation, Message, Generation)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]
