"""Another person's ids: every frame gets the answer of ids of nothing. Addresses: tests/config."""

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from chat import frames, keeping
from chat.models import Conversation, Generation, Message
from tests.chat.conftest import Tab, with_key
from tests.chat.threads import add_answer, make_conversation

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = uuid.UUID(int=7 << 76)


class Ids:
    """The ids of a conversation, or ids that name nothing."""

    def __init__(
        self, conversation: Any = NOWHERE, message: Any = NOWHERE, generation: Any = NOWHERE
    ) -> None:
        self.conversation, self.message, self.generation = str(conversation), str(message), str(generation)


@pytest.fixture
def his(bob: User) -> Ids:
    conversation = make_conversation(bob, "Hello", title="Bob's")
    answer = add_answer(conversation, "Hi", status="streaming", flushes=("Hi",))
    return Ids(conversation.pk, answer.pk, answer.generation.pk)


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
