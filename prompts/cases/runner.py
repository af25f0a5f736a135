"""A run: some cases at a time, under a lease, so that another worker goes on where one died."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from llm.origin import coming_from
from prompts.cases.trial import tried
from prompts.models import CaseRun, PromptCase

AT_ONCE = 4
LEASE, BEAT = timedelta(seconds=9), 2.0  # less than django-ox's LOCK_TIMEOUT, after which it hands on a task

Status = CaseRun.Status
type Sleep = Callable[[float], Awaitable[None]]


async def carry_out(run_id: int, *, sleep: Sleep = asyncio.sleep) -> None:
    """Run what has no result yet; returns when the run has ended, here or elsewhere."""
    worker = uuid.uuid4()
    while not await _take(run_id, worker):
        if not await CaseRun.objects.active().filter(pk=run_id).aexists():
            return
        await sleep(BEAT)
    work = asyncio.create_task(_all_cases(run_id))
    beat = asyncio.create_task(_hold(run_id, worker, work, sleep))
    try:
        await asyncio.wait([work])
        if not work.cancelled():
            await _finish(run_id, worker, Status.FAILED if work.exception() else Status.DONE)
            work.result()
    finally:
        for task in (work, beat):
            task.cancel()
        await asyncio.wait([work, beat])


async def _take(run_id: int, worker: uuid.UUID) -> bool:
    """Hold the run if nobody does."""
    now = timezone.now()
    free = CaseRun.objects.active().filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=run_id)
    taken = await free.aupdate(status=Status.RUNNING, worker=worker, leased_until=now + LEASE)
    return bool(taken)


async def _hold(run_id: int, worker: uuid.UUID, work: asyncio.Task[None], sleep: Sleep) -> None:
    """Move the lease on; ends the work once the run is cancelled or another's."""
    while True:
        await sleep(BEAT)
        mine = CaseRun.objects.active().filter(pk=run_id, worker=worker)
        if not await mine.aupdate(leased_until=timezone.now() + LEASE):
            work.cancel()
            return


async def _all_cases(run_id: int) -> None:
    run = await CaseRun.objects.select_related("version__prompt").aget(pk=run_id)
    open_cases = PromptCase.objects.to_run(run.version.prompt_id).exclude(results__run=run)
    cases = [case async for case in open_cases]
    room = asyncio.Semaphore(AT_ONCE)
    with coming_from(run.origin):
        await _together([_one(run, case, room) for case in cases])


async def _together(works: Sequence[Awaitable[None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(_awaited(work))


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def _one(run: CaseRun, case: PromptCase, room: asyncio.Semaphore) -> None:
    async with room:
        result = await tried(run, case)
        try:
            await result.asave()
        except IntegrityError:
            return  # another worker was faster, or the case is gone


async def _finish(run_id: int, worker: uuid.UUID, status: str) -> None:
    mine = CaseRun.objects.active().filter(pk=run_id, worker=worker)
    await mine.aupdate(status=status, finished_at=timezone.now(), leased_until=None)
