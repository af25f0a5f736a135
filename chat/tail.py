"""Read an answer from flush n on: from this process if it runs here, else from the log until it ends."""

import asyncio
import uuid
from collections.abc import Callable

from chat import log, runner
from chat.frames import Delta, End
from chat.mailbox import Mailbox
from chat.models import Generation, Message
from chat.runner import end_frame
from chat.turns import Outcome

POLL = 0.25  # seconds between two looks at the log of another process


def follow_here(mailbox: Mailbox, generation: uuid.UUID, after: int) -> bool:
    """Queue what is missing and follow; False if the generation does not run in this process."""
    run = runner.running(generation)
    if run is None:
        return False
    flushed = run.flusher.flushed
    mailbox.follow(generation, after)
    if after < len(flushed):
        missing = "".join(flushed[after:])
        mailbox.take(Delta(generation=generation, first=after + 1, last=len(flushed), text=missing))
    return True


async def follow_log(put: Callable[[Delta | End], None], generation: uuid.UUID, after: int) -> None:
    """Put what the log holds after `after`, then what it gains, then the end."""
    while True:
        row = await Generation.objects.select_related("message").aget(pk=generation)
        flushes = await log.read(generation, after)
        if flushes:
            last, _ = flushes[-1]
            text = "".join(text for _, text in flushes)
            put(Delta(generation=generation, first=after + 1, last=last, text=text))
            after = last
        if row.message.status != Message.Status.STREAMING:
            put(ended(row))
            return
        await asyncio.sleep(POLL)


def ended(generation: Generation) -> End:
    """Return the end frame of a generation as it is stored."""
    message = generation.message
    return end_frame(
        generation.pk,
        Outcome(
            status=message.status,
            text="",
            seq=message.seq,
            usage=generation.usage,
            cost=generation.cost,
            cached=generation.cached,
            first_token_ms=generation.first_token_ms,
            total_ms=generation.total_ms,
        ),
    )
