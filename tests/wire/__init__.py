"""Scripted servers that speak the vendors' wire formats, for every test that stands above them.

    from tests.wire import text, status, wire      # `wire` is the fixture

    async def test_waits_and_asks_again(wire: WireServer) -> None:
        wire.script(status(429, retry_after=1), text("Hello"))

Point OPENAI_BASE_URL or PARLEY_LOCAL_URL at `wire.openai_url`, ANTHROPIC_BASE_URL at `wire.anthropic_url`.
"""

from collections.abc import Iterator

import pytest

from tests.wire.answers import (
    Answer,
    Call,
    Ending,
    Tokens,
    cut_after,
    error_event,
    hang,
    paused,
    raw,
    refusal,
    silent_eof,
    status,
    text,
    tool_call,
    tool_calls,
    truncated,
    with_headers,
)
from tests.wire.gate import Gate
from tests.wire.pace import Pace
from tests.wire.server import Seen, WireServer

__all__ = [
    "Answer",
    "Call",
    "Ending",
    "Gate",
    "Pace",
    "Seen",
    "Tokens",
    "WireServer",
    "cut_after",
    "error_event",
    "hang",
    "paused",
    "raw",
    "refusal",
    "silent_eof",
    "status",
    "text",
    "tool_call",
    "tool_calls",
    "truncated",
    "wire",
    "with_headers",
]


@pytest.fixture
def wire(allow_model_calls: None) -> Iterator[WireServer]:
    """A scripted server for the real providers; the test fails if more was asked than its script answers."""
    with WireServer() as server:
        yield server
