"""The tests of tickets.py."""

import llm
from llm.errors import BudgetExceeded
from llm.testing import assert_llm_calls, assert_max_cost, error, script, when
from tests.samples.tickets import Ticket, read_ticket, read_tickets

KETTLE = Ticket(product="kettle", urgency="high")


async def test_reads_a_ticket() -> None:
    with script(KETTLE, models=("openai:gpt-5.4-mini",)), assert_max_cost("0.01"):
        assert await read_ticket("My kettle burns!") == KETTLE


async def test_asks_again_when_the_answer_is_wrong() -> None:
    corrected = script({"product": "kettle", "urgency": "very"}, KETTLE)
    with corrected as model, assert_llm_calls(2, feature="tickets"):
        assert await read_ticket("My kettle burns!") == KETTLE
    assert "/urgency" in model.requests[1].messages[-1].content


def test_one_failure_fails_alone() -> None:
    with script(when("kettle", KETTLE), when("poem", error(BudgetExceeded))):
        tickets, failures = llm.wait(read_tickets(["My kettle burns!", "A poem."]))
    assert (tickets, failures) == ([KETTLE], ["The budget for this is spent."])
