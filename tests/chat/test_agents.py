"""Answers that agents write: seen live, taken up again, stopped, outliving processes."""

import re
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from chat import agents, keeper
from chat.models import Conversation, Generation, GenerationEvent, Message
from llm.models.agents import AgentRun, AgentStep
from llm.providers.scripted import say
from llm.types import Usage
from tests.chat.asking import SUM, ask, steps
from tests.chat.conftest import Tab, question, use_model, with_key
from tests.chat.pages import seen_by
from tests.chat.shop import Worker, time_passes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("open_shop")]


async def test_steps_come_live_and_then_the_answer(tab: Tab) -> None:
    start = await ask(tab)
    await Worker(SUM, "It is **1591**.").work()
    end = await tab.until("end")
    assert steps(tab) == [
        (1, "model", None, "running"),
        (2, "model", None, "done"),
        (3, "tool", "calculate", "running"),
        (4, "tool", "calculate", "done"),
        (5, "model", None, "running"),
        (6, "model", None, "done"),
    ]
    [delta] = [frame for frame in tab.frames if frame["type"] == "delta"]
    assert (delta["from"], delta["to"], delta["text"]) == (7, 7, "It is **1591**.")
    assert (end["finish"], end["seq"]) == ("completed", 7)
    answer = await Message.objects.select_related("generation").aget(pk=start["message"])
    assert (answer.status, answer.content, answer.seq) == ("completed", "It is **1591**.", 7)
    assert (str(answer.generation.run_id), answer.generation.model) == (start["run"], "openai:gpt-5.6-luna")
    assert not await GenerationEvent.objects.aexists()


async def test_the_figures_are_the_sums_over_the_steps(tab: Tab) -> None:
    start = await ask(tab)
    spent = Usage(input_tokens=20, output_tokens=4)
    await Worker(say(calls=(SUM,), usage=spent), say("1591", usage=spent)).work()
    end = await tab.until("end")
    rows = [row.data async for row in AgentStep.objects.filter(run=start["run"])]
    assert (end["usage"]["input_tokens"], end["usage"]["output_tokens"]) == (40, 8)
    assert end["total_ms"] == sum(data.get("ms", 0) for data in rows)
    assert end["first_token_ms"] is None


async def test_a_reload_in_the_middle_goes_on_where_the_page_ends(tab: Tab, alice: User) -> None:
    start = await ask(tab)
    worker = Worker(SUM, "1591", answers=1)
    async with worker.working() as done:
        while len(steps(tab)) < 5:
            await tab.until("step")
        page = await sync_to_async(seen_by)(alice, f"/c/{tab.conversation}/")
        reached = int(re.search(r'data-seq="(\d+)"', page)[1])  # type: ignore[index]
        assert "<strong>1591</strong>" in page
        other = Tab(tab.conversation, await sync_to_async(with_key)(alice))
        [live] = (await other.open())["generations"]
        assert live["seq"] == reached == 5
        await other.send(type="resume", generation=start["generation"], after=reached)
        worker.let()
        await done
    await other.until("end")
    await tab.until("end")
    assert [number for number, *_ in steps(other)] == [6]
    assert other.text == tab.text == "1591"
    await other.close()


async def test_what_came_after_a_step_can_be_had_after_the_end_too(tab: Tab) -> None:
    start = await ask(tab)
    await Worker(SUM, "1591").work()
    await tab.until("end")
    tab.frames.clear()
    await tab.send(type="resume", generation=start["generation"], after=4)
    assert (await tab.until("end"))["finish"] == "completed"
    assert [number for number, *_ in steps(tab)] == [5, 6]
    assert tab.text == "1591"
    await AgentRun.objects.all().adelete()  # as retention does
    tab.frames.clear()
    await tab.send(type="resume", generation=start["generation"], after=0)
    await tab.until("end")
    assert [(frame["from"], frame["to"]) for frame in tab.frames if frame["type"] == "delta"] == [(1, 7)]


async def test_stop_ends_the_run(tab: Tab) -> None:
    start = await ask(tab)
    worker = Worker("never", answers=0)
    async with worker.working():
        await tab.until("step")
        await tab.send(type="stop", generation=start["generation"])
        end = await tab.until("end")
    assert (end["finish"], tab.text) == ("stopped", "")
    run = await AgentRun.objects.aget(pk=start["run"])
    assert run.status == AgentRun.Status.CANCELLED
    assert not worker.script.requests


async def test_another_worker_takes_over_from_a_dead_one(tab: Tab) -> None:
    await ask(tab)
    first = Worker(SUM, answers=1)
    async with first.working():
        while len(steps(tab)) < 5:
            await tab.until("step")
    await time_passes()
    second = Worker("1591")
    await second.work()
    end = await tab.until("end")
    assert (end["finish"], tab.text) == ("completed", "1591")
    assert [number for number, *_ in steps(tab)] == [1, 2, 3, 4, 5, 6, 7]  # it is asked for step 3 again
    assert (len(first.script.requests), len(second.script.requests)) == (1, 1)


async def test_an_answer_ends_with_nobody_looking_and_only_once(talk: Conversation, alice: User) -> None:
    tab = Tab(talk.pk, await sync_to_async(with_key)(alice))
    await tab.open()
    await ask(tab)
    await tab.close()
    await Worker(SUM, "1591").work()
    await Generation.objects.aupdate(heartbeat_at="2020-01-01T00:00Z")
    assert await sync_to_async(keeper.suspects)() == set()
    await keeper.Keeper().look()
    answer = await Message.objects.aget(role="assistant")
    assert (answer.status, answer.content) == ("completed", "1591")
    assert await sync_to_async(agents.settle)() == []


async def test_a_run_that_is_gone_leaves_an_interrupted_answer(tab: Tab) -> None:
    await ask(tab)
    await AgentRun.objects.all().adelete()
    await Generation.objects.aupdate(heartbeat_at="2020-01-01T00:00Z")
    looking = keeper.Keeper()
    await looking.look()
    await looking.look()
    assert (await tab.until("end"))["finish"] == "interrupted"


async def test_at_its_limit_it_says_so_and_gives_its_best(tab: Tab, alice: User) -> None:
    await ask(tab)
    await AgentRun.objects.aupdate(max_iterations=1)
    await Worker(SUM, "Perhaps 1591.").work()
    assert (await tab.until("end"))["finish"] == "length"
    page = await sync_to_async(seen_by)(alice, f"/c/{tab.conversation}/")
    assert "The agent used all its steps; this is the best answer it has." in page
    assert "Perhaps 1591." in page
    assert "data-continue" not in page


@pytest.mark.parametrize(
    ("code", "result", "status", "says"),
    [
        ("max_cost", None, "error", agents.TOO_EARLY),
        ("max_cost", "So far.", "length", agents.REASONS["max_cost"]),
        ("cycle", None, "error", agents.REASONS["cycle"]),
        ("unavailable", None, "error", "No model can answer."),
    ],
)
def test_how_a_run_that_failed_ends_its_answer(code: str, result: str | None, status: str, says: str) -> None:
    spent = {"input_tokens": 30, "cost": Decimal("0.003")}
    run = AgentRun(status="failed", code=code, reason="No model can answer.", result=result, **spent)
    ended = agents.outcome(run, ())
    assert (ended.status, ended.error_text, ended.seq) == (status, says, 1 if result else 0)
    assert (ended.usage.input_tokens, ended.cost) == (30, Decimal("0.003"))


async def test_later_turns_see_the_answer_and_none_of_the_steps(tab: Tab) -> None:
    await ask(tab)
    await Worker(SUM, "It is 1591.").work()
    await tab.until("end")
    model = use_model("Odd.")
    await tab.send(**question("Is that odd?"))
    await tab.until("end")
    said = [message.content for message in model.requests[0].messages[1:]]
    assert said == ["What is 37 * 43?", "It is 1591.", "Is that odd?"]
    await ask(tab, "And twice that?")
    worker = Worker("3182")
    await worker.work()
    await tab.until("end")
    asked = worker.script.requests[0].messages
    assert [message.content for message in asked if message.role != "system"][-4:] == [
        "It is 1591.", "Is that odd?", "Odd.", "And twice that?",
    ]  # fmt: skip
    assert "friendly" in asked[1].content


async def test_answering_again_keeps_the_tools(tab: Tab) -> None:
    start = await ask(tab)
    await Worker(SUM, "1591").work()
    await tab.until("end")
    await tab.send(type="regenerate", message=start["message"])
    again = await tab.until("start")
    assert again["run"] not in (None, start["run"])
    await Worker("1591").work()
    await tab.until("end")
    assert await AgentRun.objects.acount() == 2
