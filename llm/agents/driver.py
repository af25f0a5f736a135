"""Drives the runs of a process: takes free ones, keeps their leases, lets go of those that were stopped.

One task of the queue drives many runs, because a task a run would cost a thread and a connection each. A
second task in the same process only wakes the first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils import timezone

import llm
from llm import runloop
from llm.agents import journal, registry
from llm.agents.asking import Task
from llm.agents.journal import Journal
from llm.agents.loop import Loop, Model, Write
from llm.agents.moves import Limits
from llm.agents.state import State
from llm.agents.tool import AgentTool
from llm.lease import BEAT, LeaseLost
from llm.models.agents import AgentRun
from llm.origin import coming_from
from llm.telemetry.spans import span
from llm.types import Message

logger = logging.getLogger(__name__)

AGENT = "parley"  # in traces
CAPACITY = 1000  # runs at a time
SLICE = 50  # runs that are taken at once, so that several workers share what waits
FAULT = "Something went wrong on our side. Tell whoever runs Parley the id of this run."

type Tools = Callable[[], Mapping[str, AgentTool]]


class Driver:
    """The runs that this process drives. Lives on the process's loop."""

    def __init__(
        self,
        *,
        model: Model = llm.run,
        tools: Tools = registry.available,
        journal: Journal | None = None,
        capacity: int = CAPACITY,
        beat: float = BEAT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._tools = tools
        self._journal = journal or Journal()
        self._capacity = capacity
        self._beat_every = beat
        self._sleep = sleep
        self._running: dict[UUID, tuple[int, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._serving = False

    async def work(self) -> None:
        """Drive free runs until there are none; where that is under way already, only wake it."""
        self._news.set()
        if self._serving:
            return
        self._serving = True
        beating = asyncio.create_task(self._beat())
        try:
            await self._serve()
        finally:
            self._serving = False
            beating.cancel()

    async def close(self) -> None:
        """Leave the runs where they are; their leases run out."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._journal.close()

    async def _serve(self) -> None:
        """Look for free runs when told to, when there is room again, and every now and then."""
        while self._news.is_set() or self._running:
            self._news.clear()
            await self._take()
            if self._running:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), self._beat_every)

    async def _take(self) -> None:
        while room := min(SLICE, self._capacity - len(self._running)):
            taken = await sync_to_async(AgentRun.objects.claim)(room, spared=list(self._running))
            for run in taken:
                self._begin(run)
            if len(taken) < room:
                return

    def _begin(self, run: AgentRun) -> None:
        task = asyncio.create_task(self._drive(run))
        self._running[run.pk] = run.epoch, task
        task.add_done_callback(partial(self._ended, run.pk))

    def _ended(self, run: UUID, task: asyncio.Task[None]) -> None:
        was_full = len(self._running) == self._capacity
        del self._running[run]
        if was_full or not self._running:
            self._news.set()

    async def _drive(self, run: AgentRun) -> None:
        write = partial(self._journal.write, run.pk, run.epoch)
        who = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": AGENT,
            "gen_ai.agent.id": str(run.pk),
        }
        with coming_from(run.origin), span(f"invoke_agent {AGENT}", who):
            await self._follow(run, write)

    async def _follow(self, run: AgentRun, write: Write) -> None:
        """Go on with a run; nothing that happens in it reaches the others."""
        try:
            await self._loop(run, State(await journal.read(run.pk), run.state_version), write).go()
        except LeaseLost:
            logger.info("agent.lost", extra={"run": str(run.pk)})
        except DatabaseError:
            logger.exception("agent.left", extra={"run": str(run.pk)})  # whoever claims it next goes on
        except Exception:
            logger.exception("agent.fault", extra={"run": str(run.pk)})
            ended = {"status": AgentRun.Status.FAILED, "code": "fault", "reason": FAULT}
            await write([], {**ended, "finished_at": timezone.now(), "leased_until": None})

    def _loop(self, run: AgentRun, state: State, write: Write) -> Loop:
        available = self._tools()
        return Loop(
            run=run.pk,
            task=Task(
                goal=run.goal,
                instructions=run.instructions,
                history=[Message(**said) for said in run.history],
                model=run.model or None,
                chain=tuple(run.chain),
                temperature=run.temperature,
                answer_tokens=run.answer_tokens,
                prompt=run.prompt_ref,
                owner=run.owner,
            ),
            limits=Limits(
                iterations=run.max_iterations,
                tokens=run.max_tokens,
                cost=run.max_cost,
                seconds=run.max_seconds,
            ),
            tools={name: available[name] for name in run.tools if name in available},
            state=state,
            started=run.started_at or timezone.now(),
            write=write,
            model=self._model,
            permits=partial(_permits, run),
            now=timezone.now,
            sleep=self._sleep,
        )

    async def _beat(self) -> None:
        """Keep the leases, and stop what is not ours any more."""
        while True:
            await asyncio.sleep(self._beat_every)
            try:
                await self._renew()
            except DatabaseError:
                logger.warning("agent.leases_not_renewed", exc_info=True)

    async def _renew(self) -> None:
        mine = {run: epoch for run, (epoch, _) in self._running.items()}
        rows = AgentRun.objects.unfinished().filter(pk__in=mine)
        held = [run async for run, epoch in rows.values_list("pk", "epoch") if mine[run] == epoch]
        for run in mine.keys() - set(held):
            if run in self._running and self._running[run][0] == mine[run]:
                self._running[run][1].cancel()
        await sync_to_async(AgentRun.objects.renew)(held)


async def _permits(run: AgentRun, tool: AgentTool) -> bool:
    """Ask each time: a permission can be taken away while a run is under way."""
    if not tool.permission:
        return True
    return await sync_to_async(_has)(run.pk, tool.permission)


def _has(run: UUID, permission: str) -> bool:
    user = AgentRun.objects.select_related("user").get(pk=run).user
    return user is not None and user.has_perm(permission)


_driver: Driver | None = None


async def work() -> None:
    """Drive free runs in this process until there are none; runs on the process's loop."""
    await driver().work()


def driver() -> Driver:
    """Return the process's driver, made at its first use; call it on the process's loop."""
    if _driver is None:
        use(Driver())
    assert _driver is not None  # noqa: S101 `use` has set it
    return _driver


def use(driver: Driver) -> None:
    """Make `driver` the process's until its loop ends; for tests, which give it a model of their own."""
    global _driver
    _driver = driver
    runloop.on_close(_forget)


async def _forget() -> None:
    global _driver
    if _driver is not None:
        await _driver.close()
    _driver = None
