"""Read an answer from flush n on: from this process if it runs here, else from the log, until it ends."""

import uuid

from chat import agents, hub, log, runner
from chat.frames import Delta
from chat.mailbox import Mailbox
from chat.models import Generation, Message
from chat.stored import ended, started
from chat.watcher import watcher


def attach(conversation: uuid.UUID, mailbox: Mailbox) -> None:
    """Put into `mailbox` what begins in a conversation from now on, in this process or another."""
    hub.subscribe(conversation, mailbox)
    watcher().wake()


async def follow(mailbox: Mailbox, generation: uuid.UUID, after: int) -> None:
    """Put what is missing after flush `after` into an attached mailbox, then what comes, then the end."""
    if follow_here(mailbox, generation, after):
        return
    row = await Generation.objects.select_related("message").aget(pk=generation)
    if row.message.status != Message.Status.STREAMING:
        await _put_rest(mailbox, row, after)
        mailbox.put(ended(row))
        return
    last = await _put_log(mailbox, row, after)
    mailbox.follow(generation, last)
    watcher().join(row, last)


async def tell(mailbox: Mailbox, generation: uuid.UUID) -> None:
    """Put an answer into an attached mailbox from its `start` on."""
    row = await Generation.objects.select_related("message__parent").aget(pk=generation)
    mailbox.put(started(row))
    await follow(mailbox, generation, 0)


def follow_here(mailbox: Mailbox, generation: uuid.UUID, after: int) -> bool:
    """Queue what is missing and follow; False if the generation does not run in this process."""
    run = runner.running(generation)
    if run is None:
        return False
    flushed = run.flusher.flushed
    mailbox.follow(generation, max(after, len(flushed)))
    if after < len(flushed):
        missing = "".join(flushed[after:])
        mailbox.put(Delta(generation=generation, first=after + 1, last=len(flushed), text=missing))
    return True


async def _put_log(mailbox: Mailbox, row: Generation, after: int) -> int:
    """Put what the log holds after `after`, flushes as one frame; returns the last of it."""
    if row.run_id:
        return await _put_steps(mailbox, row.pk, row.run_id, after)
    flushes = await log.read(row.pk, after)
    if not flushes:
        return after
    last, _ = flushes[-1]
    text = "".join(text for _, text in flushes)
    mailbox.put(Delta(generation=row.pk, first=after + 1, last=last, text=text))
    return last


async def _put_steps(mailbox: Mailbox, generation: uuid.UUID, run: uuid.UUID, after: int) -> int:
    for step in await agents.steps({generation: (run, after)}):
        mailbox.put(step)
        after = step.seq
    return after


async def _put_rest(mailbox: Mailbox, row: Generation, after: int) -> None:
    """Put the rest of an answer that has ended; its message holds all of it when the log is purged."""
    last = await _put_log(mailbox, row, after)
    if row.run_id:
        for text in await agents.texts({row.pk: last}):
            mailbox.put(text)
    elif after == last == 0 < row.message.seq:
        mailbox.put(Delta(generation=row.pk, first=1, last=row.message.seq, text=row.message.content))
