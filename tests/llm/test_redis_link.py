"""A site goes on when its Redis does not."""

import logging
import socket
from functools import partial

import pytest
from redis.exceptions import ConnectionError as NotThere

from llm.flight import Flight
from llm.limiter import rate
from llm.redis_link import RedisLink
from llm.shared_flight import SharedFlights
from llm.shared_limiter import SharedLimiter
from llm.types import Emit, Reply
from tests.llm.layers.fakes import Clock, Collected, Script, ask


@pytest.fixture
def cut() -> RedisLink:
    """A line to a port at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return RedisLink(f"redis://127.0.0.1:{port}/0")


def test_it_warns_once_a_minute_and_asks_again_after_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    link = RedisLink("redis://127.0.0.1:1/0", clock)
    assert link.up
    with caplog.at_level(logging.WARNING, logger="llm.redis_link"):
        for _ in range(10):
            link.lost(NotThere())
        assert not link.up
        clock.now += 6
        assert link.up
        link.lost(NotThere())
        assert len(caplog.records) == 1
        clock.now += 60
        link.lost(NotThere())
    assert len(caplog.records) == 2


async def test_a_flight_flies_alone(cut: RedisLink, caplog: pytest.LogCaptureFixture) -> None:
    script, reader = Script([["a", "b"]]), Collected()

    async def call(emit: Emit) -> Reply:
        return await script(ask(), emit)

    for _ in range(2):  # the second finds the line cut
        flight = Flight(partial(SharedFlights(cut).fly, "key", call, 1e9))
        assert (await flight.join(reader)).text == "ab"
    assert (reader.text, script.calls, len(caplog.records)) == ("abab", 2, 1)


async def test_a_limit_holds_in_this_process(cut: RedisLink) -> None:
    limiter = SharedLimiter(cut)
    taken = [await limiter.take(rate("2/minute"), "quota", "user", "1") for _ in range(3)]
    assert taken[:2] == [0.0, 0.0]
    assert taken[2] > 0
