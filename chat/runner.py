"""Runs answers, each in a task of its own on the process's loop; sockets only read them."""

import asyncio
import logging
import uuid
from dataclasses import replace

from asgiref.sync import sync_to_async

import llm
from chat import hub, log, turns
from chat.errors import ChatError
from chat.flusher import Flusher
from chat.frames import Delta, End, Start, wire_usage
from chat.models import Message
from chat.turns import Outcome, Turn
from llm.errors import LLMError
from llm.money import money

logger = logging.getLogger(__name__)

PROCESS = uuid.uuid4()  # who runs a generation, in the database


class Restarting(ChatError):
    """This process is going down and begins nothing more."""

    code, status = "unavailable", 503
    retry_after = 2.0

    def __init__(self) -> None:
        super().__init__("Parley is restarting. Send it again in a few seconds; your text is kept.")


class Run:
    """A generation that this process writes."""

    def __init__(self, turn: Turn, request: llm.Request) -> None:
        self.turn = turn
        self.request = request
        self.flusher = Flusher(self._flushed)
        self.interrupted = False
        self._last: asyncio.Future[None] | None = None
        self.task = asyncio.create_task(self._run())

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
            reply = await llm.run(self.request, self.flusher)
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
            first_token_ms=reply.first_token_ms,
            total_ms=reply.total_ms,
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
        if not await sync_to_async(turns.finish)(self.turn.generation, outcome):
            logger.warning("chat.ended_elsewhere", extra={"generation": str(self.turn.generation)})
        hub.publish(self.turn.conversation, end_frame(self.turn.generation, outcome))

    def _flushed(self, seq: int, text: str) -> None:
        generation = self.turn.generation
        hub.publish(self.turn.conversation, Delta(generation=generation, first=seq, last=seq, text=text))
        self._last = log.append(log.Flush(generation, seq, text))
        self._last.add_done_callback(_seen)


_runs: dict[uuid.UUID, Run] = {}
_draining = False


def start(turn: Turn, request: llm.Request) -> None:
    """Begin to write `turn`'s answer; call it on the process's loop."""
    hub.publish(
        turn.conversation,
        Start(
            generation=turn.generation,
            message=turn.message,
            parent=turn.parent,
            client_id=turn.client_id,
            model=request.model or "",
            prompt=request.prompt.slug if request.prompt else "",
            prompt_version=request.prompt.version if request.prompt else None,
        ),
    )
    _runs[turn.generation] = Run(turn, request)


def running(generation: uuid.UUID) -> Run | None:
    """Return the run of a generation that this process writes."""
    return _runs.get(generation)


def all_running() -> list[uuid.UUID]:
    """Return the generations that this process writes."""
    return list(_runs)


def cancel(generation: uuid.UUID) -> None:
    """Close the upstream of a generation that is marked to stop, if it runs here."""
    if run := _runs.get(generation):
        run.task.cancel()


def refuse_while_draining() -> None:
    """Raise Restarting once the process is going down."""
    if _draining:
        raise Restarting


def reset() -> None:
    """Take turns again, after a drain; a process that starts does this."""
    global _draining
    _draining = False


async def drain(seconds: float) -> None:
    """Begin nothing more, let answers end for `seconds`, mark the rest interrupted."""
    global _draining
    _draining = True
    if tasks := [run.task for run in _runs.values()]:
        await asyncio.wait(tasks, timeout=seconds)
    for run in list(_runs.values()):
        run.interrupted = True
        run.task.cancel()
    if tasks := [run.task for run in _runs.values()]:
        await asyncio.wait(tasks)


def end_frame(generation: uuid.UUID, outcome: Outcome) -> End:
    """Return the frame that tells how a generation ended."""
    return End(
        generation=generation,
        seq=outcome.seq,
        finish=outcome.status,
        usage=wire_usage(outcome.usage),
        cost=money(outcome.cost),
        cached=outcome.cached,
        first_token_ms=outcome.first_token_ms,
        total_ms=outcome.total_ms,
    )


def _seen(future: asyncio.Future[None]) -> None:
    """A flush that was not stored is not lost: the end of the answer stores its whole text."""
    if not future.cancelled() and (error := future.exception()):
        logger.error("chat.flush_not_stored", extra={"error": repr(error)})
