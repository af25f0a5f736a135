"""Brings to the readers of this process what others write: other processes, from hints and from the log, and
agents, from their journals.

One look at the database serves all conversations that are read here. Each flush is handed on once and in
order, wherever it came from first.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Now

from chat import agents, hub, relay, runner
from chat.frames import Delta, End, Event, Flushed, Start
from chat.models import Generation, GenerationEvent, Message
from chat.stored import ended, started
from llm import runloop

logger = logging.getLogger(__name__)

POLL = 0.25  # seconds between two looks while an answer of another process is read here
IDLE = 1.0  # while none is, or while hints come
MOST_AHEAD = 500  # flushes that wait for an earlier one
AT_ONCE = 100  # answers in one query
REMEMBERED = 1000  # answers that have ended
OVERLAP = 5.0  # seconds that clocks may differ, and that a transaction may take


@dataclass(slots=True)
class Followed:
    """An answer that is not written here: the last flush that was handed on, and later ones that wait.

    `run` is that of the agent that writes it, if one does.
    """

    conversation: uuid.UUID
    position: int = 0
    run: uuid.UUID | None = None
    ahead: dict[int, Flushed] = field(default_factory=dict)


class Watcher:
    """Follows the answers that the process `own` does not write; lives on the process's loop."""

    def __init__(self, own: uuid.UUID, *, poll: float = POLL, idle: float = IDLE) -> None:
        self._own = own
        self._poll = poll
        self._idle = idle
        self._followed: dict[uuid.UUID, Followed] = {}
        self._looked = time.time()
        self._ended: deque[uuid.UUID] = deque(maxlen=REMEMBERED)
        self._wanted = asyncio.Event()
        self._gap = asyncio.Event()
        self._task = asyncio.create_task(self._watch(), name="chat-watcher")

    def wake(self) -> None:
        """Begin to look, for somebody who has come to read."""
        self._wanted.set()

    def join(self, row: Generation, after: int) -> None:
        """Hand on what comes after flush `after` of an answer, to a reader who has all up to it."""
        beginning = Followed(row.message.conversation_id, after, row.run_id)
        followed = self._followed.setdefault(row.pk, beginning)
        if after < followed.position:
            followed.position = after
            self._gap.set()

    def hint(self, conversation: uuid.UUID, event: Event) -> None:
        """Take an event from another process."""
        followed = self._followed.get(event.generation)
        match event:
            case Start():
                self._meet(conversation, event)
            case Delta() if followed:
                self._offer(followed, event)
            case End() if followed and followed.position >= event.seq:
                self._end(followed, event)
            case _:
                self._gap.set()

    async def look(self) -> None:
        """Read once what is new of the conversations that are read here."""
        watched = hub.watched()
        if self._runs():
            await agents.look()
        self._followed = {pk: one for pk, one in self._followed.items() if one.conversation in watched}
        rows = [row for row in await self._rows() if row.message.conversation_id in watched]
        for row in rows:
            self._meet(row.message.conversation_id, started(row))
        self._hand_on(await self._flushes())
        self._hand_on(await agents.steps(self._runs()))
        over = [row for row in rows if row.message.status != Message.Status.STREAMING]
        self._hand_on(await self._texts(over))
        for row in over:
            if followed := self._followed.get(row.pk):
                self._end(followed, ended(row))
        await self._note_readers(rows)

    async def close(self) -> None:
        """Look no more."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _watch(self) -> None:
        while True:
            await self._rest()
            try:
                await runloop.join(self.look())  # in the loop's own context, whoever woke us
            except Exception:  # the database may be away for a while
                logger.exception("chat.watcher")
                await asyncio.sleep(self._idle)

    async def _rest(self) -> None:
        if not hub.watched():
            self._wanted.clear()
            await self._wanted.wait()
            self._looked = time.time()
        quick = self._runs() or (self._followed and not relay.is_on())
        if not quick:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gap.wait(), self._idle)
        if quick or self._gap.is_set():  # the log is a little later than the hints
            await asyncio.sleep(self._poll)
        self._gap.clear()

    async def _rows(self) -> list[Generation]:
        """Return the answers of others that are followed, and those that have begun since the last look."""
        now = time.time()
        begun = Q(pk__gte=_first_id(self._looked - OVERLAP))
        rows = (
            Generation.objects.filter(begun | Q(pk__in=list(self._followed)))
            .exclude(runner=self._own)
            .select_related("message__parent")
            .defer("message__content", "message__parent__content")
        )
        found = [row async for row in rows]
        self._looked = now
        return found

    async def _flushes(self) -> list[Delta]:
        found: list[Delta] = []
        followed = [(pk, one) for pk, one in self._followed.items() if one.run is None]
        for start in range(0, len(followed), AT_ONCE):
            wanted = Q()
            for generation, one in followed[start : start + AT_ONCE]:
                wanted |= Q(generation=generation, seq__gt=one.position)
            rows = GenerationEvent.objects.filter(wanted).order_by("generation", "seq")
            async for generation, seq, text in rows.values_list("generation", "seq", "text"):
                found.append(Delta(generation=generation, first=seq, last=seq, text=text))
        return found

    def _runs(self) -> dict[uuid.UUID, tuple[uuid.UUID, int]]:
        """The agents' answers that are followed: which run, and how far."""
        return {pk: (one.run, one.position) for pk, one in self._followed.items() if one.run}

    async def _texts(self, over: list[Generation]) -> list[Delta]:
        """Return the last flush of each agent's answer that has ended."""
        runs = self._runs()
        after = {row.pk: runs[row.pk][1] for row in over if row.pk in runs}
        return await agents.texts(after) if after else []

    async def _note_readers(self, rows: list[Generation]) -> None:
        """Tell the runners of answers that end when nobody reads them that somebody does."""
        if read := [row.pk for row in rows if row.on_disconnect == Generation.OnDisconnect.STOP]:
            await Generation.objects.filter(pk__in=read).aupdate(read_at=Now())

    def _meet(self, conversation: uuid.UUID, start: Start) -> None:
        if start.generation not in self._followed and start.generation not in self._ended:
            self._followed[start.generation] = Followed(conversation, run=start.run)
            hub.deliver(conversation, start)
            if start.run:
                self._gap.set()  # nobody sends hints of what an agent does

    def _hand_on(self, flushes: Sequence[Flushed]) -> None:
        for flush in flushes:
            if followed := self._followed.get(flush.generation):
                self._offer(followed, flush)

    def _offer(self, followed: Followed, flush: Flushed) -> None:
        if flush.first <= followed.position:
            return
        if len(followed.ahead) >= MOST_AHEAD:
            followed.ahead.clear()
        followed.ahead[flush.first] = flush
        while (following := followed.ahead.pop(followed.position + 1, None)) is not None:
            followed.position = following.last
            hub.deliver(followed.conversation, following)
        if followed.ahead:
            self._gap.set()

    def _end(self, followed: Followed, end: End) -> None:
        del self._followed[end.generation]
        self._ended.append(end.generation)
        hub.deliver(followed.conversation, end)


def _first_id(moment: float) -> uuid.UUID:
    """Return the lowest UUIDv7 of a moment in seconds since 1970."""
    return uuid.UUID(int=int(moment * 1000) << 80)


_watcher: Watcher | None = None


def watcher() -> Watcher:
    """Return the process's watcher, made at its first use; call it on the process's loop."""
    global _watcher
    if _watcher is None:
        _watcher = Watcher(runner.PROCESS)
        runloop.on_close(_forget)
    return _watcher


def hint(conversation: uuid.UUID, event: Event) -> None:
    """Take an event from another process."""
    watcher().hint(conversation, event)


async def _forget() -> None:
    global _watcher
    if _watcher is not None:
        await _watcher.close()
    _watcher = None
