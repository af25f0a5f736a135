"""Keeps answers honest: beats for those that run here, hears stops from elsewhere, ends those of the dead."""

import asyncio
import logging
import uuid
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from chat import runner
from chat.models import Generation, GenerationEvent, Message
from llm import runloop

logger = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=5)
DEAD_AFTER = 2 * HEARTBEAT
ROUND = 1.0  # seconds between two looks at the stop marks


async def keep() -> None:
    """Look after generations until cancelled."""
    beats = 0
    while True:
        try:
            await _round(beat=beats % int(HEARTBEAT.total_seconds()) == 0)
        except Exception:  # the database may be away for a while; answers go on
            logger.exception("chat.keeper")
        beats += 1
        await asyncio.sleep(ROUND)


async def startup() -> None:
    """Begin to look after generations in this process."""
    runner.reset()
    task = asyncio.create_task(keep(), name="chat-keeper")

    async def end() -> None:
        task.cancel()
        await asyncio.wait([task])

    runloop.on_close(end)


async def _round(*, beat: bool) -> None:
    mine = runner.all_running()
    if mine:
        marked = Generation.objects.filter(pk__in=mine, stop_requested_at__isnull=False)
        async for generation in marked.values_list("pk", flat=True):
            runner.cancel(generation)
    if beat:
        if mine:
            await Generation.objects.filter(pk__in=mine).aupdate(heartbeat_at=timezone.now())
        await sync_to_async(reap)()


def reap() -> int:
    """End, as interrupted and with the text of their log, the generations whose process is gone."""
    dead = Generation.objects.running().filter(heartbeat_at__lt=timezone.now() - DEAD_AFTER)
    ended = sum(
        _interrupt(message, generation) for message, generation in dead.values_list("message_id", "pk")
    )
    if ended:
        logger.warning("chat.reaped", extra={"generations": ended})
    return ended


@transaction.atomic
def _interrupt(message: uuid.UUID, generation: uuid.UUID) -> bool:
    events = list(GenerationEvent.objects.filter(generation=generation).values_list("seq", "text"))
    return bool(
        Message.objects.filter(pk=message, status=Message.Status.STREAMING).update(
            status=Message.Status.INTERRUPTED,
            content="".join(text for _, text in events),
            seq=len(events),
        )
    )
