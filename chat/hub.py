"""Who reads which conversation in this process. Lives on the process's loop; nothing here waits."""

import uuid
from collections import defaultdict
from typing import Protocol

from chat.frames import Delta, End, Start


class Reader(Protocol):
    """Somebody who is told of a conversation; must take an event at once."""

    def take(self, event: Start | Delta | End) -> None: ...


_readers: defaultdict[uuid.UUID, set[Reader]] = defaultdict(set)


def subscribe(conversation: uuid.UUID, reader: Reader) -> None:
    """Tell `reader` of all that happens in `conversation` from now on."""
    _readers[conversation].add(reader)


def unsubscribe(conversation: uuid.UUID, reader: Reader) -> None:
    """Tell it nothing more."""
    readers = _readers.get(conversation)
    if readers is None:
        return
    readers.discard(reader)
    if not readers:
        del _readers[conversation]


def publish(conversation: uuid.UUID, event: Start | Delta | End) -> None:
    """Tell every reader in this process."""
    for reader in tuple(_readers.get(conversation, ())):
        reader.take(event)
