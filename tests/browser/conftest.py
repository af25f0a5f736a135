"""Parley as a newcomer starts it, and a real Chromium in front of it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.aside import FLAGS
from tests.browser.pages import chat, chromium
from tests.machine import CHROMIUM

__all__ = ["chat", "chromium"]

PASSWORD = "the admin's password"


@dataclass(frozen=True, slots=True)
class Site:
    """A running Parley: its address, its database file, and what `start` printed."""

    url: str
    database: Path
    printed: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`manage.py start` on a free port, with the local model."""
    with started(tmp_path_factory.mktemp("site") / "parley.sqlite3") as running:
        yield running


@contextmanager
def started(database: Path, **more: str) -> Iterator[Site]:
    """`manage.py start` on a free port with a database and further variables."""
    port = _free_port()
    command = [sys.executable, "manage.py", "start", "--port", str(port)]
    environment = environment_of(database) | more
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield Site(f"http://127.0.0.1:{port}", database, _until_ready(process))
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def environment_of(database: Path) -> dict[str, str]:
    """The variables under which commands see a site."""
    return os.environ | {
        "PARLEY_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{database}",
        "PARLEY_ADMIN_PASSWORD": PASSWORD,
    }


@pytest.fixture(scope="module")  # its event loop stands in the main thread, where async tests need their own
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_ready(started: subprocess.Popen[str]) -> str:
    assert started.stdout
    printed = ""
    for line in started.stdout:
        printed += line
        if re.match(r"ready\s", line):
            return printed
    raise AssertionError(f"Parley did not start:\n{printed}")
