"""Runs of agents for tests: a model that follows a script, tools that note what they did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User

from llm import runloop
from llm.agents import journal, wire
from llm.agents.driver import Driver
from llm.agents.tool import AgentTool
from llm.agents.tools.calculate import calculate
from llm.agents.tools.complete import complete
from llm.client import Client
from llm.layers.fallback import Fallback
from llm.models.agents import AgentRun, AgentStep
from llm.providers.scripted import Scripted, Step
from llm.types import Reply, Request

GPT, SMALL = "openai:gpt-5.6-luna", "local:smollm2"


def scripted(*steps: Step, model: str = GPT) -> tuple[Scripted, Callable[[Request], Any]]:
    """Return a model that plays `steps`, and the way to ask it."""
    script = Scripted(*steps)
    client = Client({model.partition(":")[0]: script}, Fallback((model,)))

    async def ask(request: Request) -> Reply:
        return replace(await client.run(request, _discard, 30), request_id=request.id)

    return script, ask


async def _discard(_: object) -> None:
    return None


def tools_of(*tools: AgentTool) -> Callable[[], Mapping[str, AgentTool]]:
    """Return the tools of a driver: these, calculate and complete."""
    found = {tool.name: tool for tool in (*tools, calculate, complete)}
    return lambda: found


async def no_pause(_: float) -> None:
    """Sleep that does not."""


def make_run(user: User | None, goal: str = "What is 37 * 43?", **fields: Any) -> AgentRun:
    """Return a run in the queue, as the service makes it."""
    fields.setdefault("tools", ["calculate", "complete"])
    return AgentRun.objects.create(user=user, goal=goal, **fields)


def shown(run: AgentRun) -> dict[str, Any]:
    """Return the run as it is shown now."""
    fresh = AgentRun.objects.get(pk=run.pk)
    return wire.run(fresh, map(journal.record, AgentStep.objects.of(run.pk)))


def kinds(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return `kind status` of each step."""
    return [f"{step['kind']} {step['status']}" for step in steps]


def drive(*steps: Step, tools: Sequence[AgentTool] = (), model: str = GPT, capacity: int = 1000) -> Scripted:
    """Drive every free run on a model that plays `steps`; returns the script with what was asked."""
    script, ask = scripted(*steps, model=model)

    async def work() -> None:
        driver = Driver(model=ask, tools=tools_of(*tools), sleep=no_pause, capacity=capacity)
        try:
            await driver.work()
        finally:
            await driver.close()

    runloop.wait(work())
    return script
