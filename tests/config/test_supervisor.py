import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.child import FIRST_PAUSE, LONGEST_PAUSE, SILENT_PROBES, STEADY, TRIES, Child, Program, answers
from config.environment import BASE_DIR
from config.listening import claim
from config.supervisor import SAME_PRESS, Supervisor
from tests.llm.layers.fakes import Clock

PROGRAMS = "tests.config.programs"


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that another process does."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "It did not happen in time."
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """True if the process is there and is no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


class Health:
    """An address that answers as the test says."""

    def __init__(self) -> None:
        self.good = True
        self.asked = 0

    def __call__(self, address: str) -> bool:
        self.asked += 1
        return self.good


@pytest.fixture
def births(tmp_path: Path) -> Path:
    """Where the programs write that they were started."""
    return tmp_path / "births"


@pytest.fixture
def make() -> Iterator[Callable[..., Child]]:
    """Makes children, and ends them after the test."""
    made: list[Child] = []

    def child(module: str, *arguments: object, clock: Clock | None = None, **values: object) -> Child:
        probe = values.pop("probe", answers)
        program = Program(
            name=module,
            module=f"{PROGRAMS}.{module}",
            arguments=tuple(map(str, arguments)),
            **values,  # type: ignore[arg-type]
        )
        made.append(Child(program, clock=clock or Clock(), probe=probe))  # type: ignore[arg-type]
        return made[-1]

    yield child
    for child_ in made:
        child_.kill()


def fail_once(child: Child) -> None:
    """Let the child's process end and be noticed."""
    child.tend()
    eventually(lambda: not child.running)
    child.tend()


def test_a_child_that_dies_is_started_again(make: Callable[..., Child], births: Path) -> None:
    clock = Clock()
    child = make("obedient", births, clock=clock)
    child.tend()
    eventually(births.exists)
    assert child.process
    child.process.kill()
    eventually(lambda: not child.running)
    child.tend()
    assert not child.running
    clock.now += FIRST_PAUSE
    child.tend()
    eventually(lambda: births.read_text().count("born") == 2)


def test_each_failure_in_a_row_doubles_the_pause(
    make: Callable[..., Child], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    child = make("fails", 3, clock=clock)
    for _ in range(6):
        fail_once(child)
        clock.now += LONGEST_PAUSE
    pauses = [record.again_in for record in caplog.records]  # type: ignore[attr-defined]
    assert pauses == ["0.5s", "1s", "2s", "4s", "8s", "10s"]
    assert {record.message for record in caplog.records} == {"child.ended"}


def test_a_steady_life_forgets_the_failures(
    make: Callable[..., Child], births: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    child = make("obedient", births, clock=clock)
    for _ in range(3):
        child.tend()
        clock.now += STEADY
        child.tend()
        assert child.process
        child.process.kill()
        eventually(lambda: not child.running)
        child.tend()
        clock.now += FIRST_PAUSE
    assert [record.again_in for record in caplog.records] == ["0.5s"] * 3  # type: ignore[attr-defined]


def test_what_cannot_run_is_not_tried_again(make: Callable[..., Child]) -> None:
    child = make("fails", 78, hopeless=78)
    fail_once(child)
    assert (child.given_up, child.settled, child.running) == (True, True, False)


def test_what_never_comes_up_is_given_up(make: Callable[..., Child]) -> None:
    clock, health = Clock(), Health()
    health.good = False
    child = make("fails", 1, clock=clock, health="http://127.0.0.1:1/health", probe=health)
    for _ in range(TRIES):
        assert not child.given_up
        fail_once(child)
        clock.now += LONGEST_PAUSE
    assert child.given_up


def test_a_child_is_up_once_its_address_answers(make: Callable[..., Child], births: Path) -> None:
    health = Health()
    health.good = False
    child = make("obedient", births, health="http://127.0.0.1:1/health", probe=health)
    child.tend()
    child.tend()
    assert (child.up, health.asked) == (False, 1)
    health.good = True
    child.tend()
    assert child.up
    child.tend()
    assert health.asked == 2  # and is not asked for ever


def test_a_watched_child_that_hangs_is_ended_to_be_started_again(
    make: Callable[..., Child], births: Path
) -> None:
    clock, health = Clock(), Health()
    child = make("stubborn", births, clock=clock, health="http://127.0.0.1:1/", watched=True, probe=health)
    child.tend()
    child.tend()
    assert child.up
    health.good = False
    for _ in range(SILENT_PROBES):
        assert child.running
        clock.now += 5
        child.tend()
    eventually(lambda: not child.running)
    child.tend()
    assert (child.up, child.given_up) == (False, False)


def test_a_child_ends_when_its_parent_is_killed(births: Path) -> None:
    command = [sys.executable, "-m", f"{PROGRAMS}.parent", str(births)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        eventually(births.exists)
        parent.kill()
        parent.wait()
    eventually(lambda: not is_alive(child))


def test_ctrl_c_reaches_the_parent_alone(make: Callable[..., Child], births: Path) -> None:
    child = make("obedient", births)
    child.start()
    eventually(births.exists)
    assert child.process
    child.process.send_signal(signal.SIGINT)
    child.ask_to_end()
    assert child.process.wait() == 0
    assert births.read_text() == "child born\nchild ended\n"


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture
def _signals() -> Iterator[None]:
    """The test's handlers are the suite's again afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
def test_on_a_signal_the_stages_end_one_after_the_other(make: Callable[..., Child], births: Path) -> None:
    def born(name: str) -> bool:
        return births.exists() and f"{name} born" in births.read_text()

    server = make("obedient", births, "server", health="server", probe=born)
    model = make("obedient", births, "model", health="model", probe=born)
    supervisor = Supervisor([server], [model], when_ready=lambda: send(signal.SIGTERM))

    def close_the_door() -> None:
        births.write_text("the end begins\n")

    assert supervisor.run(before_end=close_the_door) == 0
    assert births.read_text() == "the end begins\nserver ended\nmodel ended\n"
    assert not server.running
    assert not model.running


@pytest.mark.usefixtures("_signals")
def test_a_second_ctrl_c_waits_for_nobody(make: Callable[..., Child], births: Path) -> None:
    def press_twice() -> None:
        send(signal.SIGINT)
        threading.Timer(2 * SAME_PRESS, send, [signal.SIGINT]).start()

    child = make("stubborn", births, grace=60, health="child", probe=lambda _: births.exists())
    began = time.monotonic()
    Supervisor([child], when_ready=press_twice).run(before_end=lambda: None)
    assert time.monotonic() - began < 30
    assert not child.running


@pytest.mark.usefixtures("_signals")
def test_who_does_not_end_in_time_is_ended(
    make: Callable[..., Child], births: Path, caplog: pytest.LogCaptureFixture
) -> None:
    child = make("stubborn", births, grace=0.1, health="child", probe=lambda _: births.exists())
    Supervisor([child], when_ready=lambda: send(signal.SIGTERM)).run(before_end=lambda: None)
    assert not child.running
    assert "child.killed" in caplog.text


@pytest.mark.usefixtures("_signals")
def test_without_the_first_stage_there_is_no_reason_to_go_on(
    make: Callable[..., Child], births: Path
) -> None:
    server, other = make("fails", 1, hopeless=1), make("obedient", births)
    assert Supervisor([server], [other], when_ready=lambda: None).run(before_end=lambda: None) == 1
    assert not other.running


def test_a_server_that_fails_or_is_silent_does_not_answer() -> None:
    listener = claim("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    listener.close()
    assert not answers(address)
