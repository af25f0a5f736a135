"""What is booked of an attempt."""

from dataclasses import dataclass

from llm.types import Reply, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An attempt, or a cached reply; `outcome` is `ok`, `stopped`, `fault` or the code of an error."""

    request: Request
    reply: Reply
    outcome: str
    error: str
