"""What a turn costs the database."""

import pytest

from chat.models import GenerationEvent
from llm.providers.scripted import say
from tests.chat.conftest import Tab, question, use_model
from tests.chat.queries import counted

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 30


async def test_a_turn_of_many_flushes_costs_a_bounded_number_of_queries(tab: Tab) -> None:
    use_model(say(*"abcdefghij", pause=0.055))
    async with counted() as queries:
        await tab.send(**question())
        end = await tab.until("end")
    assert await GenerationEvent.objects.acount() == end["seq"] > 5
    print(f"{queries.total} queries for a turn of {end['seq']} flushes:", dict(queries.seen))
    assert queries.total <= MOST
