"""The files of config/deploy start what they say: web processes on one socket, workers on one database."""

import configparser
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from django.conf import settings

from tests.services.agent_site import AgentSite, ShopModel
from tests.services.conftest import _database

DEPLOY = Path(settings.BASE_DIR) / "config" / "deploy"
PATIENCE = 90.0


def command(unit: str) -> list[str]:
    """Return what a unit file runs, with this checkout in the place of /srv/parley."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / unit)
    program, *rest = shlex.split(parser["Service"]["ExecStart"])
    assert program == "/srv/parley/.venv/bin/python"
    return [sys.executable, *rest]


@contextmanager
def unit(name: str, site: AgentSite, folder: Path, *, listener: socket.socket | None = None) -> Iterator[int]:
    """Run a unit as systemd would: a socket, if it has one, is descriptor 3. Yields its process id."""

    def prepare() -> None:
        if listener is not None:
            os.dup2(listener.fileno(), 3)

    words = [word.replace("var/", f"{folder}/") for word in command(name)]
    process = subprocess.Popen(
        words,
        cwd=settings.BASE_DIR,
        env=site.environment,
        preexec_fn=prepare,
        close_fds=False,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def statuses(site: AgentSite) -> list[str]:
    with psycopg.connect(site.database) as database:
        return [row[0] for row in database.execute("SELECT status FROM llm_agentrun")]


def until_completed(site: AgentSite, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while statuses(site).count("completed") < count:
        assert time.monotonic() < end, statuses(site)
        time.sleep(0.2)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentSite]:
    with _database("many", tmp_path_factory) as database, ShopModel() as model:
        yield AgentSite(database=database, model=model)


@pytest.mark.postgres
def test_two_workers_share_runs_and_one_outlives_the_other(site: AgentSite, tmp_path: Path) -> None:
    subprocess.run(command("parley-prepare.service"), cwd=settings.BASE_DIR, env=site.environment, check=True)
    with ExitStack() as stack:
        first = stack.enter_context(unit("parley-worker@.service", site, tmp_path))
        stack.enter_context(unit("parley-worker@.service", site, tmp_path))
        site.start(["calculate"] * 60)
        until_completed(site, 10)
        os.kill(first, signal.SIGKILL)
        until_completed(site, 60)


@pytest.mark.postgres
def test_two_web_processes_answer_on_one_socket(site: AgentSite, tmp_path: Path) -> None:
    site.make()
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(unit("parley-web@.service", site, tmp_path, listener=listener))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/health"
        for _ in range(4):
            assert httpx2.get(url, timeout=PATIENCE).json()["status"] == "ok"
