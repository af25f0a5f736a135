import asyncio

import pytest
from django.contrib.auth.models import User

from chat import titles
from chat.models import Conversation
from llm.errors import Unavailable
from llm.models import Call
from llm.providers.scripted import Step
from tests.chat.asking import ask
from tests.chat.conftest import Tab, question, use_model
from tests.chat.shop import Worker

ASKED = "How do I grow tomatoes on a balcony?"


@pytest.fixture
async def named(loop: None) -> None:
    await titles.startup()


async def title_after(tab: Tab, *answers: Step, asked: str = ASKED) -> str:
    use_model(*answers)
    await tab.send(**question(asked))
    await tab.until("end")
    await asyncio.gather(*titles._tasks)
    return (await Conversation.objects.aget(pk=tab.conversation)).title


@pytest.mark.django_db(transaction=True)
async def test_the_first_answer_brings_a_title_by_the_model(named: None, tab: Tab, alice: User) -> None:
    assert await title_after(tab, "With sun.", "Tomatoes on a balcony") == "Tomatoes on a balcony"
    call = await Call.objects.order_by("-id").afirst()
    assert call is not None
    assert (call.feature, call.prompt, call.user_id) == ("title", "title", alice.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("poor", [" ", "How do I grow", "one two three four five six seven eight nine"])
async def test_a_poor_title_leaves_the_start_of_the_message(named: None, tab: Tab, poor: str) -> None:
    assert await title_after(tab, "With sun.", poor) == ASKED


@pytest.mark.django_db(transaction=True)
async def test_a_title_that_fails_is_no_failure_of_the_chat(named: None, tab: Tab) -> None:
    assert await title_after(tab, "With sun.", Unavailable("Not now.")) == ASKED


@pytest.mark.django_db(transaction=True)
async def test_a_title_that_a_person_gave_stays(named: None, tab: Tab) -> None:
    await Conversation.objects.aupdate(title="My garden")
    assert await title_after(tab, "With sun.") == "My garden"


@pytest.mark.django_db(transaction=True)
async def test_only_the_first_answer_names_the_conversation(named: None, tab: Tab) -> None:
    await title_after(tab, "With sun.", "Tomatoes on a balcony")
    assert await title_after(tab, "Daily.", asked="And water?") == "Tomatoes on a balcony"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("open_shop")
async def test_the_first_answer_of_an_agent_brings_one_too(named: None, tab: Tab, alice: User) -> None:
    model = use_model("Tomatoes on a balcony")
    await ask(tab, ASKED)
    await Worker("With sun.").work()
    await tab.until("end")
    await asyncio.gather(*titles._tasks)
    assert (await Conversation.objects.aget(pk=tab.conversation)).title == "Tomatoes on a balcony"
    assert model.requests[0].owner.user_id == alice.pk
    await ask(tab, "And water?")
    await Worker("Daily.").work()
    await tab.until("end")
    await asyncio.gather(*titles._tasks)
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Dinner ideas", "Dinner ideas"),
        ('Title: "Dinner ideas."\nMore', "Dinner ideas"),
        ("**Dinner ideas**", "Dinner ideas"),
        ("", ""),
        ("...", ""),
        ("x" * 61, ""),
        ("What should I cook", ""),
    ],
)
def test_trimmings_go_and_what_is_no_title_is_none(answer: str, title: str) -> None:
    assert titles.tidied(answer, "What should I cook tonight?") == title
