"""A tool that asks first: an agent's answer waits for its person, who allows or declines."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.utils import timezone

from chat import reading
from chat.cards import cards
from llm.agents import journal
from llm.agents.state import Record
from llm.models.agents import AgentRun
from llm.providers.scripted import tool_call
from tests.chat.asking import ask, decide, steps, waits
from tests.chat.conftest import Tab
from tests.chat.pages import seen_by
from tests.chat.shop import Worker, time_passes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("open_shop")]


ORDER = tool_call("order", article="paper")


async def test_a_tool_that_asks_runs_once_it_may(tab: Tab, alice: User) -> None:
    await ask(tab, "Order paper.")
    worker = Worker(ORDER, "Done.")
    await worker.work()
    step = await waits(tab)
    await decide(tab, alice, step, approved=True)
    await worker.work()
    await tab.until("end")
    kinds = [(kind, status) for _, kind, _, status in steps(tab)]
    assert kinds[2:5] == [("tool", "waiting"), ("approval", "approved"), ("tool", "running")]
    assert tab.text == "Done."


async def test_a_tool_that_was_declined_goes_on_with_the_note(tab: Tab, alice: User) -> None:
    await ask(tab, "Order paper.")
    worker = Worker(ORDER, "Then not.")
    await worker.work()
    await decide(tab, alice, await waits(tab), approved=False, note="We have enough.")
    await worker.work()
    end = await tab.until("end")
    assert "They say: We have enough." in worker.script.requests[1].messages[-1].content
    assert (end["finish"], tab.text) == ("completed", "Then not.")
    [card] = [card for card in cards(await journal.read(uuid.UUID(tab.frames[1]["run"]))) if card.tool]
    assert (card.status, card.decision, card.note) == ("failed", "denied", "We have enough.")


async def test_a_run_that_waits_is_seen_in_the_list_and_can_be_stopped(tab: Tab, alice: User) -> None:
    await ask(tab, "Order paper.")
    await Worker(ORDER).work()
    await waits(tab)
    [listed] = await sync_to_async(reading.listed)(alice)
    assert (listed.running, listed.waiting) == (True, True)
    await tab.send(type="stop", generation=tab.frames[1]["generation"])
    assert (await tab.until("end"))["finish"] == "stopped"
    page = await sync_to_async(seen_by)(alice, f"/c/{tab.conversation}/")
    assert "Allow once" not in page
    assert "not finished" in page


async def test_a_tool_that_a_death_left_in_doubt_waits_for_a_person(tab: Tab, alice: User) -> None:
    await ask(tab, "Order paper.")
    worker = Worker(ORDER, "Done.")
    await worker.work()
    step = await waits(tab)
    await decide(tab, alice, step, approved=True)
    [run] = await sync_to_async(AgentRun.objects.claim)(1)
    data = {"tool": "order", "arguments": "{}"}
    begun = Record(seq=5, step=step, kind="tool", status="started", data=data, at=timezone.now())
    await sync_to_async(journal.append)(run.pk, [begun])
    await time_passes()
    await worker.work()
    assert await waits(tab) == step
    page = await sync_to_async(seen_by)(alice, f"/c/{tab.conversation}/")
    assert "If you allow it, it runs again." in page
    await decide(tab, alice, step, approved=False)
    await worker.work()
    assert (await tab.until("end"))["finish"] == "completed"


async def test_nobody_else_decides(tab: Tab, alice: User, bob: User) -> None:
    await ask(tab, "Order paper.")
    await Worker(ORDER).work()
    step = await waits(tab)
    message = tab.frames[1]["message"]
    address = f"/c/{tab.conversation}/messages/{message}/steps/{step}/"
    client = AsyncClient()
    await client.aforce_login(bob)
    assert (await client.post(address, {"approved": "1"})).status_code == 404
    assert (await client.get(f"/c/{tab.conversation}/messages/{message}/steps/")).status_code == 404
    assert await AgentRun.objects.filter(status=AgentRun.Status.AWAITING).aexists()
    await client.aforce_login(alice)
    assert (await client.post(address, {"approved": "1"})).status_code == 302
    script = {"Accept": "application/json"}
    assert (await client.post(address, {"approved": "1"}, headers=script)).status_code == 409
