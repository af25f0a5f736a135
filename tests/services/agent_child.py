"""Workers that die at every write of the journal: `python -m tests.services.agent_child DIRECTORY GOAL...`.

A goal says where the worker that drives its run shall be killed, once: `4 started after` is after the write
that step 4 has started. The program makes the tables of DATABASE_URL, and then, with one worker and with two,
a run for each goal. It forks the workers (which spares the seconds that Django takes to start), puts another
in the place of each that dies, decides what waits for a person, and prints how all runs ended.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

import httpcore2  # noqa: E402, F401 else each worker imports it anew
from django.contrib.auth.models import User  # noqa: E402 the apps come first
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.tasks import default_task_backend  # noqa: E402
from django.utils import timezone  # noqa: E402

from llm import client, runloop  # noqa: E402
from llm.agents import journal, service, wire  # noqa: E402
from llm.agents.driver import Driver  # noqa: E402
from llm.agents.journal import Journal  # noqa: E402
from llm.agents.state import State  # noqa: E402
from llm.agents.tool import AgentTool, Context, tool  # noqa: E402
from llm.agents.tools.calculate import calculate  # noqa: E402
from llm.models.agents import AgentRun, AgentStep  # noqa: E402

LEASE, BEAT = 1.0, 0.2  # seconds
SEVERAL = 4  # runs that one of two workers drives, and that its death leaves behind


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
        if not self._goals[run].startswith(moment):
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


async def drive(directory: Path, capacity: int) -> None:
    runloop.adopt()
    goals = {pk: goal async for pk, goal in AgentRun.objects.values_list("pk", "goal")}
    found = tools(directory / "orders")
    driver = Driver(journal=Deadly(goals, directory), tools=lambda: found, capacity=capacity, beat=BEAT)
    while await AgentRun.objects.unfinished().aexists():
        await driver.work()
        await asyncio.sleep(BEAT)  # the lease of a dead worker runs out
    await driver.close()
    await runloop.close()


def live_alone(directory: Path) -> None:
    """Take run after run, so that each meets its own death. The leases of the dead have run out at once."""
    AgentRun.objects.filter(status="running").update(leased_until=timezone.now().replace(year=2000))
    asyncio.run(drive(directory, 1))


def live_beside_another(directory: Path) -> None:
    """Drive several runs at a time."""
    asyncio.run(drive(directory, SEVERAL))


def make(_: Path) -> None:
    """Make the tables, and who owns the runs."""
    call_command("migrate", verbosity=0)
    User.objects.create(username="alice")


def queue(directory: Path) -> None:
    """Put a run for each goal into the place of those that there are; the model tells them apart."""
    alice = User.objects.get()
    AgentRun.objects.all().delete()
    for goal in sys.argv[2:]:
        AgentRun.objects.create(user=alice, goal=f"{goal} {directory.name}", tools=["calculate", "order"])


def decide(_: Path) -> None:
    """Say of every call that waits that it shall not be done again."""
    for run in AgentRun.objects.filter(status="awaiting_approval").select_related("user"):
        state = State(map(journal.record, AgentStep.objects.of(run.pk)))
        for call in state.waiting:
            service.approve(run.user, run.pk, call.step, approved=False, note="It went through.")


def report(directory: Path) -> None:
    """Print how all runs ended, what was carried out, and which deaths there were."""
    runs = [
        wire.run(run, map(journal.record, AgentStep.objects.of(run.pk)))
        for run in AgentRun.objects.order_by("pk")
    ]
    orders = (directory / "orders").read_text().split()
    died = [path.name for path in directory.iterdir() if path.name != "orders"]
    print(json.dumps({"runs": runs, "orders": orders, "died": died}, default=str), flush=True)


def forked(work: Callable[[Path], None], directory: Path) -> int:
    """Do `work` in a process of its own; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work(directory)
        connections.close_all()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def done(work: Callable[[Path], None], directory: Path) -> None:
    """Do `work` in a process of its own, to its end: a connection does not outlive a fork."""
    assert ended(os.waitpid(forked(work, directory), 0)[1]) == 0, work


def ended(status: int) -> int:
    return os.waitstatus_to_exitcode(status)


def until_all_stand(work: Callable[[Path], None], directory: Path, count: int) -> None:
    """Keep `count` workers alive until each run has ended or waits for a person."""
    alive = {forked(work, directory) for _ in range(count)}
    while alive:
        pid, status = os.wait()
        alive.remove(pid)
        assert ended(status) in (0, -signal.SIGKILL), status
        if ended(status):
            alive.add(forked(work, directory))


def main(directory: Path) -> None:
    """Let workers die, first one at a time, then one of two."""
    default_task_backend.options["LOCK_TIMEOUT"] = LEASE + 1
    client.load()
    done(make, directory)
    for name, work, count in (("alone", live_alone, 1), ("together", live_beside_another, 2)):
        folder = directory / name
        folder.mkdir()
        done(queue, folder)
        until_all_stand(work, folder, count)
        done(decide, folder)
        until_all_stand(work, folder, count)
        done(report, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
