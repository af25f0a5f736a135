"""Many writers, one transaction: each waits for its own commit, none pays for it alone."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import DataError, IntegrityError, connections

from llm import lending


class GroupCommit[T]:
    """Collect items for up to `linger` seconds and hand them, in order, to one `write` at a time.

    `write` runs in a thread of its own with a database connection of its own and must commit. While one
    batch is written the next gathers, so throughput grows with load. Lives on one event loop.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], None], *, name: str, linger: float = 0.0, most: int = 500
    ) -> None:
        self._write = write
        self._linger = linger
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def add(self, item: T) -> asyncio.Future[None]:
        """Take `item`; the future is done once it is durable, or raises what `write` raised."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._drain())
        return future

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._waiting)

    def hurry(self) -> None:
        """Write what waits now instead of gathering for longer."""
        self._hurry.set()

    async def flush(self) -> None:
        """Wait until all that was added is written."""
        self.hurry()
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def close(self) -> None:
        """Write what waits and give the connection back."""
        await self.flush()
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._commit(batch)
        finally:
            self._writing = None

    async def _gather(self) -> None:
        if self._linger:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._linger)
            self._hurry.clear()

    async def _commit(self, batch: list[tuple[T, asyncio.Future[None]]]) -> None:
        items = [item for item, _ in batch]
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._in_thread, items)
        except (DataError, IntegrityError, ValueError) as error:  # the last: text that no database takes
            await self._commit_alone(batch, error)
        except BaseException as error:
            _settle(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            _settle(batch, None)

    async def _commit_alone(self, batch: list[tuple[T, asyncio.Future[None]]], error: Exception) -> None:
        """One of them is wrong: the others do not pay for it."""
        if len(batch) == 1:
            _settle(batch, error)
            return
        for one in batch:
            await self._commit([one])

    def _in_thread(self, items: list[T]) -> None:
        try:
            self._write(items)
        except BaseException:
            connections.close_all()  # it may be the connection that is broken: the next batch has another
            raise
        if not self._waiting:
            lending.give_back()


def _settle[T](batch: list[tuple[T, asyncio.Future[None]]], error: BaseException | None) -> None:
    for _, future in batch:
        if future.done():  # its writer was cancelled
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
