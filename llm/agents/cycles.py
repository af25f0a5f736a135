"""Does an agent go in circles? Found in what it did, not by asking a model.

A turn is what was called, with which arguments, and what came of it. Turns that repeat as a whole with a
period of up to four are a cycle: A A, A B A B, A B C A B C. So is a row of turns in which nothing came that
had not come before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm.agents.canonical import canonical, digest
from llm.agents.state import Call
from llm.extraction.parsing import NotJSON, loads

LONGEST = 4  # turns of a period
STALE = 3  # turns without news


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A call and what came of it; equal events are the same to a cycle."""

    tool: str
    arguments: str
    observation: str


type Events = frozenset[Event]


def events(calls: Sequence[Call]) -> Events:
    """Return what the calls of a turn come to."""
    return frozenset(
        Event(tool=call.name, arguments=_canonical(call.arguments), observation=digest(call.observation))
        for call in calls
    )


def found(turns: Sequence[Events]) -> str:
    """Return in words what kind of circle the last turns are, or nothing."""
    if not turns or not turns[-1]:
        return ""
    for period in range(1, LONGEST + 1):
        if len(turns) >= 2 * period and turns[-period:] == turns[-2 * period : -period]:
            return _words(turns[-period:])
    if len(turns) > STALE and all(_is_stale(turns, place) for place in range(-STALE, 0)):
        return f"the last {STALE} steps found nothing new"
    return ""


def _is_stale(turns: Sequence[Events], place: int) -> bool:
    known = {event.observation for turn in turns[:place] for event in turn}
    return all(event.observation in known for event in turns[place])


def _words(turns: Sequence[Events]) -> str:
    tools = [" and ".join(sorted({event.tool for event in turn})) for turn in turns]
    if len(tools) == 1:
        return f"{tools[0]} was called again with the same arguments and gave the same result"
    return f"{', '.join(tools[:-1])} and {tools[-1]} were called in turn, again with the same results"


def _canonical(arguments: str) -> str:
    try:
        return canonical(loads(arguments or "{}"))
    except NotJSON:
        return arguments
