"""What waits to be sent to one socket. It merges, it is bounded, and it never makes the runner wait."""

import asyncio
import uuid
from collections.abc import Callable, Iterable

from chat.frames import Delta, End, Event, Flushed, ServerFrame, Start, Step

MOST_CHARACTERS = 1_000_000  # that a socket may leave unread
A_FRAME = 200  # characters, about, around the text of a frame


class Mailbox:
    """A reader of the hub for one socket; knows which flush of which generation it sent last.

    Past `most` characters that nobody fetches it closes itself and calls `too_slow`. One waits in `get` at a
    time.
    """

    def __init__(self, most: int = MOST_CHARACTERS, too_slow: Callable[[], object] = lambda: None) -> None:
        self.closed = False
        self._most = most
        self._too_slow = too_slow
        self._waiting: list[ServerFrame] = []  # mostly empty, and merged when not: a deque is for many
        self._characters = 0
        self._sent: dict[uuid.UUID, int] = {}
        self._told: frozenset[uuid.UUID] = frozenset()
        self._filled: asyncio.Future[None] | None = None

    def tell(self, generations: Iterable[uuid.UUID]) -> None:
        """Note what the socket knows of without a `start`; it follows those by `resume` alone."""
        self._told = self._told.union(generations)
        for generation in self._told & self._sent.keys():
            del self._sent[generation]
        waiting, self._waiting = self._waiting, []
        self._characters = 0
        for frame in waiting:
            if getattr(frame, "generation", None) not in self._told:
                self.put(frame)

    def take(self, event: Event) -> None:
        """Queue an event if this socket follows its generation; a flush seen before is dropped."""
        match event:
            case Start():
                self._take_start(event)
            case Delta() | Step():
                self._take_flush(event)
            case End() if event.generation in self._sent:
                del self._sent[event.generation]
                self._told = self._told.union([event.generation])
                self.put(event)

    def follow(self, generation: uuid.UUID, after: int) -> None:
        """Take deltas of `generation` from the flush after `after` on."""
        self._sent[generation] = after

    def follows(self, generation: uuid.UUID) -> bool:
        """Return whether its deltas are taken."""
        return generation in self._sent

    def put(self, frame: ServerFrame) -> None:
        """Queue any frame."""
        if self.closed:
            return
        self._waiting.append(frame)
        self._characters += _size(frame)
        if self._filled is not None and not self._filled.done():
            self._filled.set_result(None)
        if self._characters - _size(self._waiting[0]) > self._most:  # the first may be a long catching-up
            self.close()
            self._too_slow()

    def close(self) -> None:
        """Drop what waits and take nothing more."""
        self.closed = True
        self._waiting.clear()

    async def get(self) -> ServerFrame:
        """Wait for the next frame; flushes of a generation that wait together come as one."""
        while not self._waiting:
            self._filled = asyncio.get_running_loop().create_future()
            await self._filled
        frame = self._fetch()
        if not isinstance(frame, Delta):
            return frame
        parts, last = [frame.text], frame.last
        while self._waiting and _follows(self._waiting[0], frame.generation, last):
            following = self._fetch()
            assert isinstance(following, Delta)  # noqa: S101 _follows says so
            parts.append(following.text)
            last = following.last
        return Delta(generation=frame.generation, first=frame.first, last=last, text="".join(parts))

    def _fetch(self) -> ServerFrame:
        frame = self._waiting.pop(0)
        self._characters -= _size(frame)
        return frame

    def _take_start(self, start: Start) -> None:
        if start.generation not in self._sent and start.generation not in self._told:
            self._sent[start.generation] = 0
            self.put(start)

    def _take_flush(self, flush: Flushed) -> None:
        sent = self._sent.get(flush.generation)
        if sent is not None and flush.first == sent + 1:
            self._sent[flush.generation] = flush.last
            self.put(flush)


def _size(frame: ServerFrame) -> int:
    if isinstance(frame, Delta):  # nearly all are
        return A_FRAME + len(frame.text)
    texts = frame.step.values() if isinstance(frame, Step) else [getattr(frame, "text", "")]
    return A_FRAME + sum(len(text) for text in texts if isinstance(text, str))


def _follows(frame: ServerFrame, generation: uuid.UUID, last: int) -> bool:
    return isinstance(frame, Delta) and frame.generation == generation and frame.first == last + 1
