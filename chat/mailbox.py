"""What waits to be sent to one socket. It merges, it is bounded, and it never makes the runner wait."""

import asyncio
import uuid
from collections import deque

from chat.frames import Delta, End, ServerFrame, Start

MOST_CHARACTERS = 1_000_000  # of text that a socket may leave unread


class Mailbox:
    """A reader of the hub for one socket; knows which flush of which generation it sent last."""

    def __init__(self) -> None:
        self.overflowed = False
        self._waiting: deque[ServerFrame] = deque()
        self._characters = 0
        self._sent: dict[uuid.UUID, int] = {}
        self._filled = asyncio.Event()

    def take(self, event: Start | Delta | End) -> None:
        """Queue an event if this socket follows its generation; a flush seen before is dropped."""
        match event:
            case Start():
                self._sent[event.generation] = 0
                self.put(event)
            case Delta():
                self._take_delta(event)
            case End() if event.generation in self._sent:
                del self._sent[event.generation]
                self.put(event)

    def follow(self, generation: uuid.UUID, after: int) -> None:
        """Take deltas of `generation` from the flush after `after` on."""
        self._sent[generation] = after

    def put(self, frame: ServerFrame) -> None:
        """Queue any frame."""
        self._waiting.append(frame)
        self._filled.set()

    async def get(self) -> ServerFrame:
        """Wait for the next frame; flushes of a generation that wait together come as one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        frame = self._waiting.popleft()
        if not isinstance(frame, Delta):
            return frame
        parts, last = [frame.text], frame.last
        while self._waiting and _follows(self._waiting[0], frame.generation, last):
            following = self._waiting.popleft()
            assert isinstance(following, Delta)  # noqa: S101 _follows says so
            parts.append(following.text)
            last = following.last
        text = "".join(parts)
        self._characters -= len(text)
        return Delta(generation=frame.generation, first=frame.first, last=last, text=text)

    def _take_delta(self, delta: Delta) -> None:
        sent = self._sent.get(delta.generation)
        if sent is None or delta.first != sent + 1:
            return
        self._sent[delta.generation] = delta.last
        self._characters += len(delta.text)
        self.overflowed = self.overflowed or self._characters > MOST_CHARACTERS
        self.put(delta)


def _follows(frame: ServerFrame, generation: uuid.UUID, last: int) -> bool:
    return isinstance(frame, Delta) and frame.generation == generation and frame.first == last + 1
