"""Many questions at a time: bounded, in order, each with a limit of its own; `llm.map` is the way in."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any

from llm.errors import LLMError, TimedOut

type Items[I] = Iterable[I] | AsyncIterator[I]
type OnProgress = Callable[[Progress], Awaitable[object] | object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a map is when the item at `index` ended with `result`; `total` is None if nobody knows it."""

    done: int
    failed: int
    total: int | None
    index: int
    result: Any


async def nobody(_: Progress) -> None:
    """Progress that nobody asked for."""


class Mapping[I, R]:
    """One run over items: `limit` workers take the next one when they are free."""

    def __init__(
        self,
        items: Items[I],
        call: Callable[[I], Awaitable[R]],
        *,
        limit: int,
        timeout: float | None,
        on_progress: OnProgress,
    ) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}: at least one item must be under way at a time.")
        self.call = call
        self.timeout = timeout
        self.on_progress = on_progress
        self.total = len(items) if isinstance(items, Sized) else None
        self.workers = limit if self.total is None else min(limit, self.total)
        self.results: list[Any] = []  # in the items' order, however they end
        self.done = 0
        self.failed = 0
        self._items = items if isinstance(items, AsyncIterator) else _Iterated(iter(items))
        self._turn = asyncio.Lock()  # an async iterator gives one item at a time

    async def run(self) -> list[R | LLMError]:
        """Return a result or an LLMError for each item; any other error stops all and is raised."""
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self.workers):
                    workers.create_task(self._work())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return self.results

    async def _work(self) -> None:
        while (taken := await self._take()) is not None:
            index, item = taken
            self.results[index] = result = await self._result(item)
            await self._report(index, result)

    async def _take(self) -> tuple[int, I] | None:
        async with self._turn:
            try:
                item = await anext(self._items)
            except StopAsyncIteration:
                return None
            self.results.append(None)
            return len(self.results) - 1, item

    async def _result(self, item: I) -> R | LLMError:
        try:
            async with asyncio.timeout(self.timeout) as limit:
                return await self.call(item)
        except LLMError as error:
            return error
        except TimeoutError:
            if not limit.expired():
                raise
            return TimedOut(f"There was no answer within {self.timeout:g} seconds.")

    async def _report(self, index: int, result: R | LLMError) -> None:
        self.done += 1
        self.failed += isinstance(result, LLMError)
        progress = Progress(done=self.done, failed=self.failed, total=self.total, index=index, result=result)
        heard = self.on_progress(progress)
        if inspect.isawaitable(heard):
            await heard


class _Iterated[I]:
    """A plain iterator where an async one is expected."""

    def __init__(self, items: Iterator[I]) -> None:
        self._items = items

    def __aiter__(self) -> "_Iterated[I]":
        return self

    async def __anext__(self) -> I:
        for item in self._items:
            return item
        raise StopAsyncIteration
