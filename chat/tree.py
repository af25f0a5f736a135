"""A conversation as a tree: every message has a parent, and the page shows the way from a root to a leaf."""

import uuid
from collections import defaultdict
from collections.abc import Mapping

type Id = uuid.UUID


class Tree:
    """Knows messages by id and parent alone; `parents` is in the order in which they were made."""

    def __init__(self, parents: Mapping[Id, Id | None]) -> None:
        self._parents = parents
        self._children: defaultdict[Id | None, list[Id]] = defaultdict(list)
        for child, parent in parents.items():
            self._children[parent].append(child)

    def path(self, through: Id | None = None) -> list[Id]:
        """Return the way from the root through a message to the newest one under it; without one, or with an
        unknown one, the way to the newest of all."""
        if not self._parents:
            return []
        leaf = self._newest_under(through) if through in self._parents else list(self._parents)[-1]
        way: list[Id] = []
        at: Id | None = leaf
        while at is not None:
            way.append(at)
            at = self._parents[at]
        return way[::-1]

    def siblings(self, message: Id) -> tuple[Id, ...]:
        """Return the messages that stand in one place, oldest first, this one among them."""
        return tuple(self._children[self._parents[message]])

    def _newest_under(self, message: Id | None) -> Id | None:
        """Whoever was made last below a message has nothing below itself."""
        below = {message}
        newest = message
        for child, parent in self._parents.items():
            if parent in below:
                below.add(child)
                newest = child
        return newest
