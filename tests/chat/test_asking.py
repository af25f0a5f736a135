"""Questions of one moment: they share a transaction, and each has its own outcome."""

import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from chat import asking, opening
from chat.errors import Busy, NotFound
from chat.models import Conversation, Generation, Message
from chat.turns import Asked, Turn
from tests.chat.queries import counted
from tests.chat.threads import make_conversation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loop")]

RUNNER = uuid.uuid4()


async def asked(
    user: User, *conversations: Conversation, client_id: uuid.UUID | None = None
) -> list[Turn | BaseException]:
    """Ask in each of them at the same time."""
    questions = (
        asking.ask(user, one.pk, Asked(text=f"Hello {n}", client_id=client_id), RUNNER)
        for n, one in enumerate(conversations)
    )
    return await asyncio.gather(*questions, return_exceptions=True)


async def conversations(owner: User, count: int) -> list[Conversation]:
    made = (Conversation(owner=owner) for _ in range(count))
    return await Conversation.objects.abulk_create(made)


async def test_many_cost_no_more_statements_than_one(alice: User) -> None:
    talks = await conversations(alice, 40)
    await Conversation.objects.aupdate(title="Named")
    async with counted() as queries:
        turns = await asked(alice, *talks)
    assert all(isinstance(turn, Turn) for turn in turns)
    assert await Generation.objects.acount() == 40
    assert queries.total <= 20, queries.seen  # the first perhaps goes alone


async def test_one_that_is_refused_costs_the_others_nothing(alice: User, bob: User) -> None:
    [first, second], [his] = await conversations(alice, 2), await conversations(bob, 1)
    one, stranger, two = await asked(alice, first, his, second)
    assert isinstance(one, Turn)
    assert isinstance(two, Turn)
    assert isinstance(stranger, NotFound)
    assert not await Message.objects.filter(conversation=his).aexists()
    texts = Message.objects.filter(role=Message.Role.USER).order_by("content")
    assert [text async for text in texts.values_list("content", flat=True)] == ["Hello 0", "Hello 2"]


async def test_of_two_to_one_conversation_the_second_is_told_that_it_is_busy(alice: User) -> None:
    [talk] = await conversations(alice, 1)
    outcomes = await asked(alice, talk, talk, talk)
    assert [type(outcome) for outcome in outcomes] == [Turn, Busy, Busy]
    await talk.arefresh_from_db()
    assert talk.title == "Hello 0"


async def test_the_same_question_sent_twice_at_once_is_one_turn(alice: User) -> None:
    [talk] = await conversations(alice, 1)
    first, again = await asked(alice, talk, talk, client_id=uuid.uuid4())
    assert isinstance(first, Turn)
    assert isinstance(again, Turn)
    assert (first.new, again.new, again.generation) == (True, False, first.generation)
    assert await Message.objects.acount() == 2


async def test_text_that_no_database_takes_costs_the_others_nothing(alice: User) -> None:
    talk, other = await conversations(alice, 2)
    half = Asked(text="half of a pair: \ud800")
    wrong, fine = await asyncio.gather(
        asking.ask(alice, talk.pk, half, RUNNER),
        asking.ask(alice, other.pk, Asked(text="Hello"), RUNNER),
        return_exceptions=True,
    )
    assert isinstance(wrong, ValueError)
    assert isinstance(fine, Turn)
    assert await Message.objects.acount() == 2


async def test_sockets_that_open_at_once_are_each_told_of_their_own(alice: User, bob: User) -> None:
    [hers], [his] = await conversations(alice, 1), await conversations(bob, 1)
    await Conversation.objects.filter(pk=hers.pk).aupdate(title="Hers")
    wanted = [(alice, hers), (bob, hers), (alice, his), (bob, his)]
    titles = await asyncio.gather(*(opening.title(user, talk.pk) for user, talk in wanted))
    assert titles == ["Hers", None, None, ""]


def _long(owner: User) -> Conversation:
    return make_conversation(owner, *(["question", "answer"] * (opening.NEWEST + 5)))


async def test_a_socket_knows_the_newest_answers_of_its_conversation_alone(alice: User) -> None:
    talk, other = await sync_to_async(_long)(alice), await sync_to_async(_long)(alice)
    found, theirs = await asyncio.gather(opening.newest(talk.pk), opening.newest(other.pk))
    rows = Generation.objects.filter(message__conversation=talk).order_by("-pk")[: opening.NEWEST]
    assert [known.generation for known in found] == [pk async for pk in rows.values_list("pk", flat=True)]
    assert len(theirs) == opening.NEWEST
