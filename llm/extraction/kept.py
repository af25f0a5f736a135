"""What was made of schemas, kept by their texts: so many, and of so many characters together."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

CHARACTERS = 4 * 1024 * 1024  # compiled, a schema takes some thirty times the memory of its text

type Key = tuple[str, tuple[Hashable, ...]]


class Kept[T]:
    """Calls `make(text, ...)` unless its result is among those that were asked for last; for many threads."""

    def __init__(self, make: Callable[..., T], *, most: int, characters: int = CHARACTERS) -> None:
        self._make = make
        self._most = most
        self._characters = characters
        self._lock = Lock()
        self._found: OrderedDict[Key, T] = OrderedDict()
        self._size = 0

    def __call__(self, text: str, *rest: Hashable) -> T:
        key = (text, rest)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = self._make(text, *rest)  # without the lock: two threads may both make it
        with self._lock:
            self._keep(key, made)
        return made

    def _keep(self, key: Key, made: T) -> None:
        if key not in self._found:
            self._size += len(key[0])
        self._found[key] = made
        while len(self._found) > 1 and (len(self._found) > self._most or self._size > self._characters):
            (text, _), _ = self._found.popitem(last=False)
            self._size -= len(text)
