"""Who reads which conversation in this process. Lives on the process's loop; nothing here waits."""

import uuid
from collections import defaultdict
from typing import Protocol

from chat.frames import Event


class Reader(Protocol):
    """Somebody who is told of a conversation; must take an event at once."""

    def take(self, event: Event) -> None: ...


class Elsewhere(Protocol):
    """The way to the readers in other processes. All of it are hints, which may be lost."""

    def published(self, conversation: uuid.UUID, event: Event) -> None: ...

    def watched(self, conversation: uuid.UUID) -> None: ...

    def unwatched(self, conversation: uuid.UUID) -> None: ...


_readers: defaultdict[uuid.UUID, set[Reader]] = defaultdict(set)
_elsewhere: list[Elsewhere] = []  # without one the other processes read the log


def connect(elsewhere: Elsewhere) -> None:
    """Tell other processes too, from now on."""
    _elsewhere.append(elsewhere)
    for conversation in _readers:
        elsewhere.watched(conversation)


def disconnect(elsewhere: Elsewhere) -> None:
    """Tell them nothing more."""
    _elsewhere.remove(elsewhere)


def subscribe(conversation: uuid.UUID, reader: Reader) -> None:
    """Tell `reader` of all that happens in `conversation` from now on."""
    if conversation not in _readers:
        for way in _elsewhere:
            way.watched(conversation)
    _readers[conversation].add(reader)


def unsubscribe(conversation: uuid.UUID, reader: Reader) -> None:
    """Tell it nothing more."""
    readers = _readers.get(conversation)
    if readers is None:
        return
    readers.discard(reader)
    if not readers:
        del _readers[conversation]
        for way in _elsewhere:
            way.unwatched(conversation)


def watched() -> set[uuid.UUID]:
    """Return the conversations that somebody reads in this process."""
    return set(_readers)


def is_watched(conversation: uuid.UUID) -> bool:
    """Return whether somebody reads it in this process."""
    return conversation in _readers


def publish(conversation: uuid.UUID, event: Event) -> None:
    """Tell every reader of what this process writes."""
    deliver(conversation, event)
    for way in _elsewhere:
        way.published(conversation, event)


def deliver(conversation: uuid.UUID, event: Event) -> None:
    """Tell the readers in this process of what another one wrote."""
    for reader in tuple(_readers.get(conversation, ())):
        reader.take(event)
