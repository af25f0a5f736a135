"""Many readers, one query: what is asked while a query runs is answered by the next one."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from llm import runloop
from llm.groupcommit import GroupCommit


@dataclass(slots=True)
class Ask[K, V]:
    """A key that somebody waits for, and what the query that it shares with others found."""

    key: K
    found: V | None = None


class GroupRead[K: Hashable, V]:
    """Look up keys together, as GroupCommit writes rows together; each answer is as new as its question.

    `read` returns what it found of some keys, in a thread and with a database connection of its own. Who asks
    for the same key at the same time shares what was found. Works from any event loop and closes with the
    process's.
    """

    def __init__(self, read: Callable[[Sequence[K]], Mapping[K, V]], *, name: str) -> None:
        self._read = read
        self._name = name
        self._asks: GroupCommit[Ask[K, V]] | None = None

    async def get(self, key: K) -> V | None:
        """Return what there is for a key now, or None."""
        if asyncio.get_running_loop() is runloop.get():
            return await self._found(key)
        return await runloop.join(self._found(key))

    async def _found(self, key: K) -> V | None:
        if self._asks is None:
            self._asks = GroupCommit(self._answer, name=self._name)
            runloop.on_close(self._close)
        ask: Ask[K, V] = Ask(key)
        await self._asks.add(ask)
        return ask.found

    def _answer(self, asks: Sequence[Ask[K, V]]) -> None:
        found = self._read(list({ask.key for ask in asks}))
        for ask in asks:
            ask.found = found.get(ask.key)

    async def _close(self) -> None:
        closing, self._asks = self._asks, None  # what is asked meanwhile gets another
        if closing is not None:
            await closing.close()
