"""One compiled schema."""

from typing import Any

from llm.extraction.checking.run import Check, Run, Seen


class Node:
    """One schema; its checks come in when it is compiled, so that it may lead back to itself."""

    __slots__ = ("always", "checks", "last")

    def __init__(self) -> None:
        self.checks: tuple[Check, ...] = ()
        self.always: list[Node] = []  # what checks the same value in any case
        self.last: tuple[Check, ...] = ()  # unevaluated...: after all others

    def __call__(self, value: Any, run: Run, seen: Seen | None) -> bool:
        run.step()
        own = Seen() if self.last else seen
        ok = True
        for check in (*self.checks, *self.last) if self.last else self.checks:
            if not check(value, run, own):
                ok = False
                if run.enough:
                    return False
        if self.last and seen is not None and own is not None:
            seen.add(own)
        return ok
