"""Keeps answers honest: beats for those that run here, hears stops from elsewhere, ends those of the dead."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from chat import agents, door, hub, relay, runner, turns, watcher
from chat.flusher import WINDOW
from chat.models import Conversation, Generation, GenerationEvent, Message
from chat.prepared import Prepared
from chat.relay import Relay
from chat.runner import Run
from llm import runloop

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a process looks, in seconds.

    A generation is suspect `dead_after` seconds after its last beat; two looks later two beats have gone.
    `alone` is how long an answer that only runs while it is read goes on after its last reader.
    `flush` is how long text gathers, `passes` between two looks at who may still read.
    """

    marks: float = 0.25
    beat: float = 5.0
    look: float = 1.0
    dead_after: float = 7.5
    alone: float = 5.0
    flush: float = WINDOW
    passes: float = 5.0

    @property
    def death(self) -> timedelta:
        return timedelta(seconds=self.dead_after)


PACE = Pace()


async def startup(pace: Pace = PACE, layer: Any = None) -> None:
    """Begin to look after generations in this process; `layer` carries hints, by default where Redis is."""
    runner.reset(pace.flush)
    task = asyncio.create_task(Keeper(pace).keep(), name="chat-keeper")
    runloop.on_close(lambda: _end(task))
    if layer is None and settings.PARLEY.redis_url:
        layer = get_channel_layer()
    if layer is not None:
        relay.use(Relay(layer, runner.PROCESS, hint=watcher.hint, stop=runner.cancel))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


class Keeper:
    """Looks after the generations of a process; `clock` counts seconds."""

    def __init__(self, pace: Pace = PACE, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        self.clock = clock
        self._due: dict[str, float] = {}
        self._began = self._looked = clock()
        self._lenient_until = 0.0
        self._suspects: set[uuid.UUID] = set()
        self._left: dict[uuid.UUID, float | None] = {}
        self._to_stop = Prepared(_to_stop)

    async def keep(self) -> None:
        """Look after generations until cancelled."""
        while True:
            try:
                await self.round()
            except Exception:  # the database may be away for a while; answers go on
                logger.exception("chat.keeper")
                await asyncio.sleep(self.pace.look)
            await asyncio.sleep(self.pace.marks)

    async def round(self) -> None:
        """Do what is due."""
        if runs := runner.all_running():
            await self._hear_stops()
            await self._stop_unread(runs)
        await self._when_due("beat", self.pace.beat, self.beat)
        await self._when_due("look", self.pace.look, self.look)
        await self._when_due("passes", self.pace.passes, door.check)

    async def beat(self) -> None:
        """Say that the runs of this process live, store how far they are, and end those it has lost."""
        runs = {run.turn.generation: run for run in runner.all_running()}
        if not runs:
            return
        for lost in await sync_to_async(_beat)(list(runs.values())):
            runs[lost].cancel()
        for run in runs.values():
            run.append_again()

    async def look(self) -> None:
        """End the generations of the dead, and those whose agent is done or works for nobody.

        When the database was away nobody could beat: first they may. Dead is whom two looks found so that
        could both write at once: so could the living.
        """
        now = self.clock()
        if now - self._looked > self.pace.beat:
            self._lenient_until = now + self.pace.beat
        mine = [run.turn.generation for run in runner.all_running()]
        if now < self._lenient_until:
            await Generation.objects.running().aexists()  # raises while it is still away
        else:
            found = await sync_to_async(suspects)(self.pace, mine)
            held_up = self.clock() - now > self.pace.look
            if not held_up and (dead := found & self._suspects):
                await sync_to_async(reap)(dead, self.pace)
            self._suspects = found
        self._looked = now
        if not await sync_to_async(agents.are_at_work)():
            return
        await agents.look()
        if now - self._began >= self.pace.alone:  # after a start, readers may first come back
            await sync_to_async(agents.stop_unread)(self.pace.alone)

    async def _when_due(self, what: str, every: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do it if its time has come; what fails stays due."""
        now = self.clock()
        if now >= self._due.get(what, 0):
            await work()
            self._due[what] = now + every

    async def _hear_stops(self) -> None:
        for generation in await sync_to_async(self._to_stop.ids)():
            runner.cancel(generation)

    async def _stop_unread(self, runs: Sequence[Run]) -> None:
        """Stop the answers that run only while somebody reads, once their last reader has been gone."""
        some = {run.turn.generation: run for run in runs if run.turn.stops_unread}
        self._left = {generation: left for generation, left in self._left.items() if generation in some}
        alone = [generation for generation, run in some.items() if self._is_alone(run)]
        if not alone:
            return
        recently = Now() - timedelta(seconds=self.pace.alone)
        elsewhere = Generation.objects.filter(pk__in=alone, read_at__gte=recently)
        read = {pk async for pk in elsewhere.values_list("pk", flat=True)}
        stopped = [generation for generation in alone if generation not in read]
        await sync_to_async(turns.mark_to_stop)(stopped)
        for generation in stopped:
            runner.cancel(generation)

    def _is_alone(self, run: Run) -> bool:
        """Note when the last reader left; True after `pace.alone`. Whom nobody has read yet is not alone."""
        generation = run.turn.generation
        if hub.is_watched(run.turn.conversation):
            self._left[generation] = None
        elif generation in self._left:
            left = self._left[generation]
            self._left[generation] = left = self.clock() if left is None else left
            return self.clock() - left >= self.pace.alone
        return False


@transaction.atomic
def _beat(runs: Sequence[Run]) -> list[uuid.UUID]:
    """Store the beat and a snapshot of each run's text; returns the generations that were ended elsewhere."""
    ids = [run.turn.generation for run in runs]
    mine = Generation.objects.running().filter(pk__in=ids)
    alive = set(mine.values_list("pk", flat=True))
    _snapshot([run for run in runs if run.turn.generation in alive])
    Generation.objects.filter(pk__in=alive).update(heartbeat_at=Now())
    return [generation for generation in ids if generation not in alive]


def _snapshot(runs: Sequence[Run]) -> None:
    """Store the texts that the log holds; a reader of a message then needs only what came after its own."""
    rows = []
    for run in sorted(runs, key=lambda run: run.turn.message):  # all lock in the same order
        seq = run.stored
        text = "".join(run.flusher.flushed[:seq])
        pk = _KEY.get_db_prep_value(run.turn.message, connection)
        rows.append((text, seq, pk, Message.Status.STREAMING.value, seq))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_SNAPSHOT, rows)  # one by one the ORM would be busy for seconds with thousands


_KEY: "models.UUIDField[uuid.UUID, uuid.UUID]" = models.UUIDField()
_SNAPSHOT = "UPDATE chat_message SET content = %s, seq = %s WHERE id = %s AND status = %s AND seq < %s"


def suspects(pace: Pace = PACE, spared: Collection[uuid.UUID] = ()) -> set[uuid.UUID]:
    """Return the generations whose last beat is old, as one sees them who may write.

    `spared` are those that this process runs, however old their beat is.
    """
    if _found_silent(pace.death).ids().issubset(spared):
        return set()
    silent = _silent(pace.death).exclude(pk__in=spared)
    with transaction.atomic():  # whom somebody else holds may just be beating
        return set(silent.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))


def _silent(death: timedelta) -> QuerySet[Generation]:
    running = Generation.objects.running().filter(run=None)  # an agent's workers look after their own
    return running.filter(heartbeat_at__lt=Now() - death)


@cache
def _found_silent(death: timedelta) -> Prepared:
    return Prepared(lambda: _silent(death).values_list("pk"))


def _to_stop() -> QuerySet[Generation, tuple[uuid.UUID]]:
    mine = Generation.objects.running().filter(runner=runner.PROCESS)
    return mine.filter(stop_requested_at__isnull=False).values_list("pk")


def reap(dead: Collection[uuid.UUID], pace: Pace = PACE) -> int:
    """End, as interrupted and with the text of their log, those that have not beaten since."""
    until = time.monotonic() + pace.look
    silent = Generation.objects.running().filter(pk__in=dead)
    ended = sum(
        _interrupt(message, generation, pace, until)
        for message, generation in silent.values_list("message_id", "pk")
    )
    if ended:
        logger.warning("chat.reaped", extra={"generations": ended})
    return ended


@transaction.atomic
def _interrupt(message_id: uuid.UUID, generation: uuid.UUID, pace: Pace, until: float) -> bool:
    """End one; from here on its log takes nothing more, should its process be alive after all."""
    dead = Message.objects.filter(
        pk=message_id,
        status=Message.Status.STREAMING,
        generation__heartbeat_at__lt=Now() - pace.death,  # it may have beaten in the meantime
    )
    message = dead.select_for_update(of=("self",), no_key=True).first()
    if message is None or time.monotonic() > until:  # where we had to wait, so had the beat of the living
        return False
    after = GenerationEvent.objects.filter(generation=generation, seq__gt=message.seq)
    for seq, text in after.order_by("seq").values_list("seq", "text"):
        if seq != message.seq + 1:
            break
        message.seq, message.content = seq, message.content + text
    message.status = Message.Status.INTERRUPTED
    message.save(update_fields=["status", "seq", "content"])
    Conversation.objects.filter(pk=message.conversation_id).update(updated_at=timezone.now())
    return True
