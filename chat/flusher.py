"""Gather deltas into flushes: the first at once, the next when the last was 50 ms ago."""

import asyncio
from collections.abc import Callable

from llm.types import Delta

WINDOW = 0.05  # seconds


class Flusher:
    """An emit that numbers what it hands on: `publish(seq, text)`, seq from 1."""

    def __init__(self, publish: Callable[[int, str], None], window: float = WINDOW) -> None:
        self.flushed: list[str] = []
        self._publish = publish
        self._window = window
        self._parts: list[str] = []
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def seq(self) -> int:
        return len(self.flushed)

    @property
    def text(self) -> str:
        return "".join(self.flushed)

    def begin_with(self, text: str) -> None:
        """Hand on `text` as the first flush, before anything has come."""
        self._parts.append(text)
        self.flush()

    async def __call__(self, delta: Delta) -> None:
        if not delta.text:
            return
        self._parts.append(delta.text.replace("\0", "\ufffd"))  # PostgreSQL keeps no NUL
        loop = asyncio.get_running_loop()
        if loop.time() >= self._due:
            self.flush()
        elif self._timer is None:  # a busy loop is late by itself, and the flush the longer for it
            self._timer = loop.call_at(self._due, self.flush)

    def flush(self) -> None:
        """Hand on what has gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self.flushed.append(text)
            self._due = asyncio.get_running_loop().time() + self._window
            self._publish(self.seq, text)
