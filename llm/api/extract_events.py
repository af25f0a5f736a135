"""An extraction as server-sent events: `partial` as it grows, then `result` or `error`."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from llm import problems

logger = logging.getLogger(__name__)

FAULT = "Something went wrong on our side. Tell whoever runs Parley the request_id of this answer."

type Show = Callable[[Any], Awaitable[None]]
type Work = Callable[[Show], Awaitable[dict[str, Any]]]


class Events:
    """Runs the work in a task of its own, and ends it when nobody reads any more.

    A slow reader gets fewer partial values, never a queue of them.
    """

    def __init__(self, work: Work) -> None:
        self._partial: Any = None
        self._last: bytes | None = None
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run(work))

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> bytes:
        try:
            await self._news.wait()
        except asyncio.CancelledError:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task  # what was stopped is on the books before its reader is gone
            raise
        return self._next()

    def close(self) -> None:
        """End the work if it has not ended; Django calls it when the response is done with."""
        self._task.cancel()

    def _next(self) -> bytes:
        if self._partial is not None:
            partial, self._partial = self._partial, None
            if self._last is None:
                self._news.clear()
            return _event("partial", {"data": partial})
        if self._last is None:
            raise StopAsyncIteration
        last, self._last = self._last, None
        return last

    async def _show(self, value: Any) -> None:
        self._partial = value
        self._news.set()

    async def _run(self, work: Work) -> None:
        try:
            self._last = _event("result", await work(self._show))
        except Exception as error:  # the border of the API
            self._last = _event("error", _problem(error))
        finally:
            self._news.set()


def _problem(error: Exception) -> dict[str, Any]:
    if isinstance(error, problems.Told):  # of the model, or of the prompt
        return problems.of(error)
    problem = problems.body(500, FAULT, code="fault")
    logger.error("api.fault", extra={"request_id": problem["request_id"]}, exc_info=error)
    return problem


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
