"""A slice of a batch: some texts at a time, under a lease, for some seconds; then others have their turn."""

import asyncio
import uuid
from collections.abc import Sequence
from functools import partial

from asgiref.sync import sync_to_async

from llm import lease
from llm.batches import feed, service
from llm.batches.feed import Outcome
from llm.batches.trial import NotNow, tried
from llm.extraction.schemas import Named, find
from llm.groupcommit import GroupCommit
from llm.lease import Lease
from llm.models import Batch, BatchItem
from llm.origin import coming_from

SLICE = 10.0  # seconds, after which a worker's slot is free for whoever waits

type Ended = tuple[BatchItem, Outcome]


async def carry_out(
    batch_id: uuid.UUID, *, seconds: float = SLICE, sleep: lease.Sleep = asyncio.sleep
) -> None:
    """Work on a batch for about `seconds`; what is left then is queued again."""

    async def work(held: Lease[Batch]) -> None:
        batch = await Batch.objects.select_related("schema_version", "user", "key").aget(pk=batch_id)
        if not batch.may_go_on:
            await sync_to_async(service.cancel)(batch_id)
            return
        with coming_from(batch.origin):
            await Slice(held, batch, await _schema(batch), seconds).run()

    rows = Batch.objects.active()
    await lease.carry_out(rows, batch_id, work, sleep=sleep, status=Batch.Status.RUNNING)


async def _schema(batch: Batch) -> Named | None:
    """The version that the batch was made with, or the schema of code as it is now."""
    if batch.schema_version:
        return Named(name=batch.schema, schema=batch.schema_version.json_schema)
    return await find(batch.schema)


class Slice:
    """One worker's turn at a batch."""

    def __init__(self, held: Lease[Batch], batch: Batch, schema: Named | None, seconds: float) -> None:
        self.held = held
        self.batch = batch
        self.schema = schema
        self.clock = asyncio.get_running_loop().time
        self.end = self.clock() + seconds
        self.wait = 0.0  # seconds until the next slice makes sense
        self.ready: list[BatchItem] = []
        self.taking = asyncio.Lock()
        self.writer: GroupCommit[Ended] = GroupCommit(self._store, name="batch")

    async def run(self) -> None:
        """Work until nothing is left, or the turn is over."""
        await self.held.awrite(feed.recover)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.batch.concurrency):
                    group.create_task(self._work())
            await self._put_back(self.ready, counted=False)
        finally:
            await self.writer.close()
        await self.held.awrite(partial(feed.close, seconds=self.wait))

    async def _work(self) -> None:
        while item := await self._next():
            outcome = await self._tried(item)
            if isinstance(outcome, NotNow):
                self.wait, self.end = max(self.wait, outcome.seconds), self.clock()
                await self._put_back([item], counted=outcome.counted)
            else:
                await self.writer.add((item, outcome))

    async def _next(self) -> BatchItem | None:
        async with self.taking:
            if self.clock() >= self.end:
                return None
            if not self.ready:
                self.ready = await self.held.awrite(partial(feed.take, most=self.batch.concurrency))
            return self.ready.pop(0) if self.ready else None

    async def _tried(self, item: BatchItem) -> Outcome | NotNow:
        if self.schema is None:
            return feed.without_schema(self.batch)
        return await tried(self.batch, self.schema, item)

    async def _put_back(self, items: Sequence[BatchItem], *, counted: bool) -> None:
        if items:
            await self.held.awrite(partial(feed.put_back, items=items, counted=counted))

    def _store(self, ended: Sequence[Ended]) -> None:
        self.held.write(partial(feed.store, ended=ended))
