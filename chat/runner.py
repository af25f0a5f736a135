"""Runs answers, each in a task of its own on the process's loop; sockets only read them."""

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from asgiref.sync import sync_to_async
from django.db import DatabaseError

import llm
from chat import hub, log, turns
from chat.errors import Restarting
from chat.flusher import WINDOW, Flusher
from chat.frames import Delta
from chat.models import Generation, Message
from chat.stored import end_frame, ended, start_frame
from chat.turns import Outcome, Turn
from llm import client
from llm.errors import LLMError
from llm.telemetry.meters import Gauge

logger = logging.getLogger(__name__)

PROCESS = uuid.uuid4()  # who runs a generation, in the database
WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds before an end is stored again that the database refused


def _forked() -> None:
    global PROCESS
    PROCESS = uuid.uuid4()  # a server may load us once for all its processes


os.register_at_fork(after_in_child=_forked)

type Completed = Callable[[Turn, llm.Request, Outcome], object]


class Run:
    """A generation that this process writes.

    The call is a task of its own, so that whatever ends it leaves `task` alone to store the end.
    """

    def __init__(
        self, turn: Turn, request: llm.Request, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.turn = turn
        self.request = request
        self.interrupted = False
        self.flusher = Flusher(self._flushed, _window)
        self._sleep = sleep
        self._unstored: dict[int, log.Flush] = {}
        self._refused: set[int] = set()
        self._last: asyncio.Future[None] | None = None
        self._began = time.monotonic()
        self._first_ms: int | None = None
        if turn.begins_with:
            self.flusher.begin_with(turn.begins_with)
        self._call = client.begin(request, self.flusher)
        self.task = asyncio.create_task(self._run())

    @property
    def stored(self) -> int:
        """The last flush up to which the log holds all."""
        return min(self._unstored, default=self.flusher.seq + 1) - 1

    def cancel(self) -> None:
        """Close the upstream, if the answer has not come to its end."""
        self._call.cancel()

    def append_again(self) -> None:
        """Append what the database has refused so far; what still waits for it waits once."""
        refused, self._refused = self._refused, set()
        for seq in sorted(refused):
            self._append(self._unstored[seq])

    async def _run(self) -> None:
        outcome = await self._outcome()
        try:
            await self._end(outcome)
        except Exception:  # the database is gone; the reaper ends this generation when it is back
            logger.exception("chat.end_not_stored", extra={"generation": str(self.turn.generation)})
        finally:
            _runs.pop(self.turn.generation, None)

    async def _outcome(self) -> Outcome:
        try:
            reply = await self._call
        except asyncio.CancelledError:
            status = Message.Status.INTERRUPTED if self.interrupted else Message.Status.STOPPED
            return self._unfinished(status)
        except LLMError as error:
            outcome = self._unfinished(Message.Status.ERROR)
            return replace(
                outcome, error_code=error.code, error_text=error.sentence, retry_after=error.retry_after
            )
        except Exception:
            logger.exception("chat.fault", extra={"generation": str(self.turn.generation)})
            outcome = self._unfinished(Message.Status.ERROR)
            return replace(outcome, error_code="fault", error_text="Something broke on our side. Try again.")
        self.flusher.flush()
        status = Message.Status.LENGTH if reply.finish == "length" else Message.Status.COMPLETED
        return Outcome(
            status=status,
            text=self.flusher.text,
            seq=self.flusher.seq,
            model=reply.model,
            usage=reply.usage,
            estimated=reply.estimated,
            cost=reply.cost,
            cached=reply.cached,
            first_token_ms=self._first_ms if reply.cached else reply.first_token_ms,
            total_ms=self._elapsed_ms() if reply.cached else reply.total_ms,
        )

    def _unfinished(self, status: str) -> Outcome:
        """What came before the end, with the figures that are on the books."""
        self.flusher.flush()
        tab = self.request.tab
        return Outcome(
            status=status,
            text=self.flusher.text,
            seq=self.flusher.seq,
            model=tab.last.model if tab.last else "",
            usage=tab.usage,
            estimated=tab.estimated,
            cost=tab.cost,
            first_token_ms=tab.last.first_token_ms if tab.last else None,
            total_ms=tab.last.total_ms if tab.last else None,
        )

    async def _end(self, outcome: Outcome) -> None:
        await log.settle(self._last)  # whoever reads the end in the database finds the whole log there
        generation = self.turn.generation
        if await self._stored_end(outcome):
            hub.publish(self.turn.conversation, end_frame(generation, outcome))
            if outcome.status == Message.Status.COMPLETED:
                for completed in _on_completed:
                    completed(self.turn, self.request, outcome)
            return
        logger.warning("chat.ended_elsewhere", extra={"generation": str(generation)})
        row = await Generation.objects.select_related("message").aget(pk=generation)
        hub.publish(self.turn.conversation, ended(row))

    async def _stored_end(self, outcome: Outcome) -> bool:
        """Store the end; False if another process has ended the generation before."""
        finish = sync_to_async(turns.finish)
        for wait in WAITS:
            try:
                return await finish(self.turn.generation, outcome, list(self._unstored.values()))
            except DatabaseError:
                logger.warning("chat.end_again", extra={"generation": str(self.turn.generation)})
                await self._sleep(wait)
        return await finish(self.turn.generation, outcome, list(self._unstored.values()))

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _flushed(self, seq: int, text: str) -> None:
        if self._first_ms is None:
            self._first_ms = self._elapsed_ms()
        generation = self.turn.generation
        hub.publish(self.turn.conversation, Delta(generation=generation, first=seq, last=seq, text=text))
        flush = log.Flush(generation, self.turn.message, seq, text)
        self._unstored[seq] = flush
        self._append(flush)

    def _append(self, flush: log.Flush) -> None:
        self._last = log.append(flush)
        self._last.add_done_callback(partial(self._appended, flush.seq))

    def _appended(self, seq: int, future: asyncio.Future[None]) -> None:
        if future.cancelled():
            return
        if error := future.exception():  # the next beat, or the end, tries again
            logger.error("chat.flush_not_stored", extra={"error": repr(error)})
            self._refused.add(seq)
        else:
            self._unstored.pop(seq, None)


_runs: dict[uuid.UUID, Run] = {}
LIVE = Gauge("parley_generations_live", "Answers that this process writes.", lambda: len(_runs))
_on_completed: list[Completed] = []
_draining = False
_window = WINDOW


def start(turn: Turn, request: llm.Request) -> None:
    """Begin to write `turn`'s answer; call it on the process's loop."""
    hub.publish(turn.conversation, start_frame(turn, request.model or "", request.prompt))
    _runs[turn.generation] = Run(turn, request)


def on_completed(completed: Completed) -> None:
    """Call `completed` after each answer that came to its own end; it must not wait."""
    _on_completed.append(completed)


def running(generation: uuid.UUID) -> Run | None:
    """Return the run of a generation that this process writes."""
    return _runs.get(generation)


def all_running() -> list[Run]:
    """Return what this process writes."""
    return list(_runs.values())


def cancel(generation: uuid.UUID) -> None:
    """Close the upstream of a generation that is marked to stop, if it runs here."""
    if run := _runs.get(generation):
        run.cancel()


def refuse_while_draining() -> None:
    """Raise Restarting once the process is going down."""
    if _draining:
        raise Restarting


def reset(window: float = WINDOW) -> None:
    """Take turns again, after a drain, and flush every `window` seconds; a process that starts does this."""
    global _draining, _window
    _draining, _window = False, window
    _on_completed.clear()


async def drain(seconds: float) -> None:
    """Begin nothing more, let answers end for `seconds`, mark the rest interrupted."""
    global _draining
    _draining = True
    if tasks := [run.task for run in _runs.values()]:
        await asyncio.wait(tasks, timeout=seconds)
    for run in list(_runs.values()):
        run.interrupted = True
        run.cancel()
    if tasks := [run.task for run in _runs.values()]:
        await asyncio.wait(tasks)
