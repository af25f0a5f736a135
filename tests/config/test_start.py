"""`manage.py start`, as a person runs it: a real process, a database of its own, a free port."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from config.environment import BASE_DIR, Environment
from config.listening import claim
from tests.config.test_supervisor import eventually, is_alive
from tests.wire import WireServer, text, wire

__all__ = ["wire"]

PASSWORD = re.compile(r"with the password  (\S+)  \(shown once\)")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


@dataclass
class Started:
    """A running `start`, and what it has printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.line("ready").split()[0]

    def line(self, label: str) -> str:
        """Return what it said about something, waiting for it."""
        while not any(line.startswith(label) for line in self.lines):
            assert self.process.stdout
            line = self.process.stdout.readline()
            assert line, f"It ended without a word about {label}: {self.lines}"
            self.lines.append(line.rstrip())
        return next(line for line in self.lines if line.startswith(label)).removeprefix(label).strip()

    def children(self) -> list[int]:
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def press_ctrl_c(self) -> int:
        """Do as a terminal does: the whole process group is told."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)


@dataclass
class Site:
    """A machine with nothing on it but a checkout: its settings, and commands that see no others."""

    settings: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        ours = {name.upper() for name in Environment.model_fields} | {"DJANGO_SETTINGS_MODULE"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {**kept, "PARLEY_ENV_FILE": "", "SECRET_KEY": "only-for-tests", **self.settings}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=BASE_DIR, env=self.environment, capture_output=True, text=True
        )


type Start = Callable[..., Started]


@pytest.fixture
def site(tmp_path: Path, wire: WireServer) -> Site:
    """Its model is a scripted server."""
    database = f"sqlite:///{tmp_path}/data/parley.sqlite3"
    return Site({"DATABASE_URL": database, "PARLEY_LOCAL_URL": wire.openai_url})


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Starts Parley on a free port, and sees that nothing of it is left."""
    running: list[Started] = []

    def start(*arguments: str) -> Started:
        process = subprocess.Popen(
            command("start", "--port", "0", *arguments),
            cwd=BASE_DIR,
            env=site.environment,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        running.append(Started(process))
        return running[-1]

    yield start
    for started in running:
        started.process.kill()
        started.process.communicate()


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=20) as response:  # noqa: S310
        return json.load(response)


def test_one_command_makes_and_serves_everything(start: Start, site: Site) -> None:
    started = start()
    assert get(f"{started.address}/api/v1/health")["status"] == "ok"
    assert started.line("database").startswith(site.settings["DATABASE_URL"].removeprefix("sqlite:///"))
    assert "migrations applied" in started.line("database")
    assert PASSWORD.search(started.line("admin"))
    assert started.line("model") == "local:smollm2"
    assert len(started.lines) < 10
    children = started.children()
    assert len(children) == 2
    assert started.end() == 0
    assert not any(map(is_alive, children))


def test_a_second_run_changes_nothing(start: Start) -> None:
    first = start()
    password = PASSWORD.search(first.line("admin"))
    first.line("ready")
    first.end()
    second = start()
    assert second.line("database").split(", ")[1].startswith("up to date")
    assert second.line("admin") == "sign in as admin"
    second.line("ready")
    assert second.press_ctrl_c() == 0
    assert password


def test_when_it_is_killed_nothing_stays_behind(start: Start) -> None:
    started = start("--workers", "2")
    started.line("ready")
    children = started.children()
    assert len(children) == 3
    started.end(signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, children)))


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_an_answer_in_flight_is_finished_first(
    start: Start, site: Site, wire: WireServer, server: str
) -> None:
    gate = wire.gate()
    wire.always(text("It ", "is ", "whole.", gate=gate))
    started = start("--server", server)
    started.line("ready")
    key = site.run("create_api_key", "--user", "admin", "--name", "test").stdout.strip()
    ask(started.address, key)
    gate.let()
    wire.wait(lambda: any(seen.sent for seen in wire.requests))
    started.process.send_signal(signal.SIGTERM)
    eventually(lambda: refuses(started.address, key))
    assert started.process.poll() is None
    gate.open()
    assert started.process.wait(30) == 0
    assert stored_answer(site) == ("completed", "It is whole.")


def refuses(address: str, key: str) -> bool:
    """True once nothing new is begun there."""
    try:
        ask(address, key)
    except urllib.error.HTTPError as error:
        return error.code == 503
    except OSError:
        return True
    return False


def ask(address: str, key: str) -> None:
    conversation = post(address, key, "/api/v1/conversations", {})["id"]
    post(
        address,
        key,
        f"/api/v1/conversations/{conversation}/messages",
        {"id": str(uuid.uuid4()), "text": "Hi"},
    )


def post(address: str, key: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(address + path, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
        return json.load(response)


def stored_answer(site: Site) -> tuple[str, str]:
    """Return status and text of the first answer."""
    first = "SELECT status, content FROM chat_message WHERE role = 'assistant' ORDER BY id LIMIT 1"
    with contextlib.closing(sqlite3.connect(site.settings["DATABASE_URL"].removeprefix("sqlite:///"))) as db:
        status, content = db.execute(first).fetchone()
    return status, content


def test_a_taken_port_is_said_before_anything_is_done(site: Site, tmp_path: Path) -> None:
    with claim("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        told = site.run("start", "--port", str(port))
    assert told.returncode == 1
    assert told.stderr == (
        f"parley: Port {port} is taken. Stop what uses it, or take another one: --port {port + 1}\n"
    )
    assert not list(tmp_path.iterdir())


def test_the_password_may_be_given(start: Start, site: Site) -> None:
    site.settings["PARLEY_ADMIN_PASSWORD"] = "a password of our own"
    started = start()
    assert started.line("admin") == "made: sign in as admin with the password of PARLEY_ADMIN_PASSWORD"


def test_with_a_key_no_local_model_is_started(start: Start, site: Site) -> None:
    del site.settings["PARLEY_LOCAL_URL"]
    site.settings["OPENAI_API_KEY"] = "sk-only-for-tests"
    started = start()
    assert started.line("model") == "openai:gpt-5.6-luna"
    assert len(started.children()) == 2


def test_a_database_that_is_away_is_one_line(site: Site) -> None:
    site.settings["DATABASE_URL"] = "postgres://nobody@127.0.0.1:1/nothing"
    told = site.run("start", "--port", "0")
    assert told.returncode == 1
    assert told.stderr.startswith("parley: The database cannot be used: ")
    assert "Connection refused" in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.local_model
def test_the_local_model_answers_from_the_first_start_on(start: Start, site: Site) -> None:
    del site.settings["PARLEY_LOCAL_URL"]
    started = start()
    assert started.line("model") == "local:smollm2, a small demo model on this machine"
    key = site.run("create_api_key", "--user", "admin", "--name", "test").stdout.strip()
    ask(started.address, key)
    assert get(f"{started.address}/api/v1/ready")["providers"]["local"] == {"state": "ok"}
    assert len(started.children()) == 3
    assert started.end() == 0
    status, answer = stored_answer(site)
    assert status in {"completed", "length"}
    assert answer
