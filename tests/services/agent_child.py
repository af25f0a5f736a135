"""Workers that die at every write of the journal: `python -m tests.services.agent_child WORKERS DIRECTORY`.

The goal of a run says where the worker that drives it shall be killed, once: `4 started after` is after the
write that step 4 has started. The program forks WORKERS workers (which spares the second that Django takes
to start), replaces each that dies, decides what waits for a person, and prints how all runs ended. With one
worker the leases of the dead run out at once; with two they last a second.
"""

import asyncio
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

from django.tasks import default_task_backend  # noqa: E402 the apps come first
from django.utils import timezone  # noqa: E402

from llm import client, runloop  # noqa: E402
from llm.agents import journal, service, wire  # noqa: E402
from llm.agents.driver import Driver  # noqa: E402
from llm.agents.journal import Journal  # noqa: E402
from llm.agents.state import State  # noqa: E402
from llm.agents.tool import AgentTool, Context, tool  # noqa: E402
from llm.agents.tools.calculate import calculate  # noqa: E402
from llm.models.agents import AgentRun, AgentStep  # noqa: E402

LEASE = 1
TRIES = 200


class Deadly(Journal):
    """A journal that ends the process at the write that a run's goal names."""

    def __init__(self, goals: Mapping[UUID, str], directory: Path) -> None:
        super().__init__()
        self._goals = goals
        self._directory = directory

    async def write(self, run: UUID, epoch: int, records: Any, changes: Any) -> None:
        write = f"{records[0].step} {records[0].status}" if records else f"end {changes['status']}"
        self._die_at(run, f"{write} before")
        await super().write(run, epoch, records, changes)
        self._die_at(run, f"{write} after")

    def _die_at(self, run: UUID, moment: str) -> None:
        if self._goals[run] != moment:
            return
        try:
            (self._directory / f"{run}").touch(exist_ok=False)
        except FileExistsError:
            return  # once is enough
        os.kill(os.getpid(), signal.SIGKILL)


def tools(log: Path) -> Mapping[str, AgentTool]:
    """Return tools one of which notes in `log` that it was carried out."""

    @tool(crash="once", timeout=20)
    async def order(article: str, *, context: Context) -> str:
        """Order an article.

        Args:
            article: Its name.
        """
        with log.open("a") as file:
            file.write(f"{context.key}\n")
        return f"Ordered {article}."

    return {one.name: one for one in (calculate, order)}


async def drive(directory: Path) -> None:
    runloop.adopt()
    goals = {pk: goal async for pk, goal in AgentRun.objects.values_list("pk", "goal")}
    found = tools(directory / "orders")
    driver = Driver(journal=Deadly(goals, directory), tools=lambda: found, capacity=capacity(), beat=0.2)
    await driver.work()
    await driver.close()
    await runloop.close()


def capacity() -> int:
    """One worker takes run after run, so that each meets its own death alone; several take all there are."""
    return 1 if alone() else 1000


def alone() -> bool:
    return sys.argv[1] == "1"


def live(directory: Path) -> None:
    """Be a worker until no run is free."""
    if alone():
        AgentRun.objects.filter(status="running").update(leased_until=timezone.now().replace(year=2000))
    asyncio.run(drive(directory))


def decide(_: Path) -> None:
    """Say of every call that waits that it shall not be done again."""
    for run in AgentRun.objects.filter(status="awaiting_approval").select_related("user"):
        state = State(map(journal.record, AgentStep.objects.of(run.pk)))
        for call in state.waiting:
            service.approve(run.user, run.pk, call.step, approved=False, note="It went through.")


def report(_: Path) -> None:
    """Print all runs."""
    rows = [
        wire.run(run, map(journal.record, AgentStep.objects.of(run.pk))) | {"journal": run.steps.count()}
        for run in AgentRun.objects.order_by("pk")
    ]
    print(json.dumps(rows, default=str), flush=True)


def unfinished(_: Path) -> None:
    """End with 3 while a run has not come to an end or to a question."""
    if AgentRun.objects.unfinished().exists():
        os._exit(3)


def waiting(_: Path) -> None:
    """End with 3 while a person is asked."""
    if AgentRun.objects.filter(status="awaiting_approval").exists():
        os._exit(3)


def forked(work: Callable[[Path], None], directory: Path) -> int:
    """Do `work` in a process of its own; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        default_task_backend.options["LOCK_TIMEOUT"] = LEASE + 1
        work(directory)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(directory: Path) -> None:
    client.load()
    for _ in range(TRIES):
        if ended(forked(unfinished, directory)) == 0:
            if ended(forked(waiting, directory)) == 0:
                break
            assert ended(forked(decide, directory)) == 0
        workers = [forked(live, directory) for _ in range(int(sys.argv[1]))]
        codes = [ended(pid) for pid in workers]
        assert set(codes) <= {0, -signal.SIGKILL}, codes
        time.sleep(0 if alone() else 0.1)
    ended(forked(report, directory))


if __name__ == "__main__":
    main(Path(sys.argv[2]))
