"""Where work comes from: the id that it has from the browser to the provider, and the trace it belongs to."""

import re
from contextlib import AbstractContextManager
from contextvars import Context, ContextVar
from dataclasses import dataclass

from llm.ids import uuid7

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What somebody asked for, from outside.

    `correlation_id` is its X-Request-ID, "" where nobody asked (a command, a chore); `traceparent` names the
    span whose children the next ones are, "" outside of any trace.
    """

    correlation_id: str = ""
    traceparent: str = ""

    @property
    def trace_id(self) -> str:
        """Return the trace's id, "" without one."""
        return self.traceparent[3:35]


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("llm_origin", default=NOWHERE)


def current() -> Origin:
    """Return where the running work comes from."""
    return _current.get()


def current_id() -> str:
    """Return the correlation id of the running work; a default of columns."""
    return _current.get().correlation_id


def current_traceparent() -> str:
    """Return the span of the running work; a default of columns."""
    return _current.get().traceparent


def received(correlation_id: str = "", traceparent: str = "") -> Origin:
    """Return the origin that a caller names; an id that is missing or could not stand in a log is made."""
    return Origin(
        correlation_id=correlation_id if ID.fullmatch(correlation_id) else str(uuid7()),
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else "",
    )


class _Coming:
    """A block with an origin; sockets are in one for hours, and a generator is four times as big."""

    __slots__ = ("_origin", "_token")

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def __enter__(self) -> None:
        self._token = _current.set(self._origin)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def coming_from(origin: Origin) -> AbstractContextManager[None]:
    """Let the work of the block, and the tasks that it begins, come from `origin`."""
    return _Coming(origin)


def carry_into(context: Context) -> None:
    """Let work that begins in an empty context come from where the running one does."""
    context.run(_current.set, _current.get())
