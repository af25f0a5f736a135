"""The bench itself: that it measures, and that it refuses to report what it did not measure."""

import socket
import sys
from collections.abc import Iterator
from inspect import isgenerator

import pytest

from tests.bench import __main__ as command
from tests.bench import contenders, peer
from tests.bench.processes import SERVER, Child, free_port
from tests.bench.rounds import Streamed, streams
from tests.bench.run import Run, Unreliable
from tests.bench.servers import floor, upstream
from tests.bench.table import Row, shown

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def sleeper() -> Iterator[Child]:
    with Child("Somebody", SLEEPER, cores=SERVER) as child:
        yield child


def test_measures_streams_through_processes_of_their_own() -> None:
    with upstream() as model:
        seen = contenders.bare(model, count=5, window=0.5, rate=100.0)
    assert seen.failures == 0
    assert seen.tokens > 5
    assert 0 < seen.p50 <= seen.p99
    assert seen.cost > 0


def test_refuses_a_port_that_somebody_else_has(sleeper: Child) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unreliable, match="is taken"):
        sleeper.until_listening(taken.getsockname()[1])


def test_refuses_a_process_that_died(sleeper: Child) -> None:
    sleeper.process.kill()
    sleeper.process.wait()
    with pytest.raises(Unreliable, match="ended with code -9"):
        sleeper.until_listening(free_port())
    with pytest.raises(Unreliable, match="ended with code -9"):
        _ = sleeper.cpu


def test_refuses_a_server_that_did_nothing(sleeper: Child) -> None:
    with upstream() as model, floor(model) as relay:
        url = f"ws://127.0.0.1:{relay.port}/"
        with pytest.raises(Unreliable, match="Somebody used no processor time"):
            streams(sleeper, model, "ws", [url], {}, window=0.3)


def test_refuses_streams_that_failed() -> None:
    with pytest.raises(Unreliable, match="2 of 3 streams failed"):
        contenders.sound("Somebody", 3, Streamed(**dict.fromkeys(Streamed.__slots__, 2)))


def test_the_table_stands_in_markdown() -> None:
    rows = [Row(measure="a", ours="1", floor="2", goal="less", holds=True), Row(measure="b", ours="3")]
    assert shown("A machine", rows).splitlines()[2:] == [
        "| measure | Parley | floor | LiteLLM | ratio | goal | holds |",
        "|---|---|---|---|---|---|---|",
        "| a | 1 | 2 |  |  | less | yes |",
        "| b | 3 |  |  |  |  |  |",
    ]


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (None, 0), (False, 1)])
def test_the_exit_code_says_whether_the_goals_hold(holds: bool | None, code: int) -> None:
    rows = [Row(measure="a", ours="1", holds=True), Row(measure="b", ours="2", holds=holds)]
    assert command.verdict(rows) == code


@pytest.mark.parametrize("name", command.NAMES)
def test_every_measure_can_be_called(name: str) -> None:
    assert isgenerator(command.named(name)(Run(quick=True)))


def test_the_peer_is_none_of_the_releases_that_were_tampered_with() -> None:
    assert peer.VERSION not in {"1.82.7", "1.82.8"}
