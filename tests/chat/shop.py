"""A site whose agents may order things, if a person lets them, and the worker that drives them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from django.utils import timezone
from pytest_django import Settings

from llm.agents import registry
from llm.agents.driver import Driver
from llm.agents.tool import tool
from llm.models.agents import AgentRun
from llm.providers.scripted import Scripted, Step
from llm.types import Reply, Request
from tests.llm.agents.scenes import no_pause, scripted

TOOLS = [
    "llm.agents.tools.calculate.calculate",
    "llm.agents.tools.complete.complete",
    "tests.chat.shop.order",
]


@tool(crash="once", approval=True)
async def order(article: str) -> str:
    """Order an article."""
    return f"Ordered {article}."


@contextmanager
def shop(settings: Settings) -> Iterator[None]:
    """Let agents calculate and order."""
    settings.LLM_TOOLS = TOOLS
    registry.available.cache_clear()
    yield
    registry.available.cache_clear()


class Worker:
    """Drives the runs that are free, on a model that plays a script: `answers` times, then it waits."""

    def __init__(self, *steps: Step, answers: int = 100) -> None:
        self.script: Scripted
        self.script, self._ask = scripted(*steps)
        self._may = asyncio.Semaphore(answers)

    def let(self) -> None:
        """Let the model answer once more."""
        self._may.release()

    async def work(self) -> None:
        """Drive what is free, to its end or until it waits."""
        async with self.working() as done:
            await done

    @asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.Task[None]]:
        """Drive in the background; whoever leaves early leaves the runs as a death would."""
        driver = Driver(model=self._model, sleep=no_pause)
        task = asyncio.create_task(driver.work())
        yield task
        await driver.close()
        await task

    async def _model(self, request: Request) -> Reply:
        await self._may.acquire()
        reply: Reply = await self._ask(request)
        return reply


async def time_passes() -> None:
    """Let the leases of the dead run out."""
    await AgentRun.objects.aupdate(leased_until=timezone.now() - timedelta(seconds=1))
