"""What happens to a run while it is under way: a person stops it, or its lease runs out."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from llm import runloop
from llm.agents import service
from llm.agents.driver import Driver
from llm.agents.tool import Context, tool
from llm.models.agents import AgentRun
from llm.providers.scripted import tool_call
from tests.llm.agents.scenes import drive, kinds, make_run, no_pause, scripted, shown, tools_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_that_is_stopped_amid_calls_is_left_in_peace(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    @tool(crash="pure")
    async def halt(which: str, *, context: Context) -> str:
        """Stop the run that calls it.

        Args:
            which: Tells the calls apart.
        """
        assert context.run
        await sync_to_async(service.cancel)(alice, context.run)
        return which

    caplog.set_level("INFO", logger="llm.agents")
    run = make_run(alice, tools=["halt", "complete"])
    drive((tool_call("halt", which="a"), tool_call("halt", which="b")), tools=[halt])
    assert shown(run)["status"] == "cancelled"
    assert [record.message for record in caplog.records] == ["agent.lost"]


def test_a_beat_that_comes_late_does_not_make_its_own_process_begin_again(alice: User) -> None:
    goes_on = asyncio.Event()

    @tool(crash="pure")
    async def dawdle(*, context: Context) -> str:
        """Outlast the lease, until the driver has looked for free runs."""
        assert context.run
        past = timezone.now() - timedelta(seconds=1)
        await AgentRun.objects.filter(pk=context.run).aupdate(leased_until=past)
        await sync_to_async(make_run)(alice, tools=["ring"])
        await driver.work()
        await goes_on.wait()
        return "late"

    @tool(crash="pure")
    async def ring() -> str:
        """Tell that the driver has looked."""
        goes_on.set()
        return "rung"

    run = make_run(alice, tools=["dawdle"])
    script, ask = scripted(tool_call("dawdle"), tool_call("ring"), "Done.", "Done.")
    driver = Driver(model=ask, tools=tools_of(dawdle, ring), sleep=no_pause)

    async def work() -> None:
        await driver.work()
        await driver.close()

    runloop.wait(work())
    assert kinds(shown(run)["steps"]) == ["model done", "tool done", "model done"]
    assert len(script.requests) == 4
    assert set(AgentRun.objects.values_list("status", "epoch")) == {("completed", 1)}
