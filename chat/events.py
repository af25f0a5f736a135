"""An answer as server-sent events: the socket's frames, for who cannot open a socket."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from chat import door, hub, tail
from chat.door import Pass
from chat.errors import NotFound
from chat.frames import Delta, End, Flushed, ServerFrame, Step, encode
from chat.mailbox import Mailbox
from chat.models import Generation
from llm import runloop

SILENCE = 15.0  # seconds after which a comment keeps proxies from closing the stream
COMMENT = b": still here\n\n"


async def find(user: Any, conversation: uuid.UUID, generation: uuid.UUID | None) -> uuid.UUID:
    """Return the generation to read, by default the newest that runs; raises NotFound."""
    visible = Generation.objects.visible_to(user).filter(message__conversation=conversation)
    chosen = visible.running().order_by("-id") if generation is None else visible.filter(pk=generation)
    found = await chosen.values_list("pk", flat=True).afirst()
    if found is None:
        raise NotFound("This answer does not exist in this conversation, or none is being written.")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Who reads a stream; when the pass is not good any more, the stream ends."""

    ticket: Pass
    mailbox: Mailbox

    def leave(self) -> None:
        self.mailbox.close()


async def stream(
    ticket: Pass, conversation: uuid.UUID, generation: uuid.UUID, after: int, silence: float = SILENCE
) -> AsyncIterator[bytes]:
    """Yield what comes after flush `after`, to the end of the answer; runs on the process's loop.

    A reader who is too slow is cut off and comes back with the last id it has.
    """
    mailbox = Mailbox()
    reader = Reader(ticket, mailbox)
    waiting: asyncio.Task[ServerFrame] | None = None
    mailbox.tell([generation])
    tail.attach(conversation, mailbox)
    door.enter(reader)
    try:
        await runloop.join(tail.follow(mailbox, generation, after))
        while not mailbox.closed:
            waiting = waiting or asyncio.create_task(mailbox.get())
            done, _ = await asyncio.wait([waiting], timeout=silence)
            if not done:
                yield COMMENT
                continue
            frame, waiting = waiting.result(), None
            if not isinstance(frame, Delta | Step | End) or frame.generation != generation:
                continue  # another answer of the conversation
            yield _event(frame)
            if isinstance(frame, End):
                return
    finally:
        hub.unsubscribe(conversation, mailbox)
        door.left(reader)
        if waiting:
            waiting.cancel()


def _event(frame: Flushed | End) -> bytes:
    seq = frame.seq if isinstance(frame, End) else frame.last
    return f"id: {seq}\ndata: {encode(frame)}\n\n".encode()
