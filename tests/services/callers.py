"""Real processes that call a model, at one database and one Redis, and a scripted server for all of them."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import psycopg
from django.conf import settings

from tests import settings as test_settings

POSTGRES = "postgres://root@127.0.0.1:5432/"
REDIS = test_settings.process_redis


class Caller:
    """A child process that calls; `said` is what it has said so far."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.said: list[dict[str, Any]] = []
        self._is_up = False
        self._lines: Queue[str] = Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.services.caller_child"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def order(self, **what: Any) -> None:
        """Tell the child what to do; see caller_child."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def hear(self, condition: Callable[["Caller"], bool], within: float = 20) -> None:
        """Wait until what the child has said fulfils the condition."""
        until = time.monotonic() + within
        while not condition(self):
            try:
                self.said.append(json.loads(self._lines.get(timeout=max(0.0, until - time.monotonic()))))
            except Empty:
                raise AssertionError(f"It did not say so within {within:g} seconds: {self.said}") from None

    def answers(self) -> list[dict[str, Any]]:
        """Return what came of calls so far."""
        return [said for said in self.said if "streamed" in said]

    def seen(self, call: int) -> str:
        """Return what was streamed of a call so far."""
        return "".join(said["seen"] for said in self.said if said.get("id") == call and "seen" in said)

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def ready(self) -> None:
        """Wait until it is up, and forget what it has said."""
        if not self._is_up:
            self.hear(lambda one: one.said == [{"ready": True}], within=60)
        self._is_up = True
        self.said.clear()

    def kill(self) -> None:
        """Kill the process and take what it had said before."""
        self.process.kill()
        self._over()
        while not self._lines.empty():
            self.said.append(json.loads(self._lines.get()))

    def end(self) -> None:
        """Let the process end in good order."""
        if self.lives:
            assert self.process.stdin
            self.process.stdin.close()
            self._over()

    def _over(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.wait(20)
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingSite:
    """A site of several processes: a database of its own, a model at `url`."""

    database: str
    url: str
    redis: str = REDIS
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis,
            "OPENAI_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-scripted",
            "PARLEY_MODELS": "openai:gpt-5.6-luna",
            "PARLEY_RATE": "100000/minute",
            "PARLEY_QUOTA": "100000/minute",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_ENV_FILE": "",
            "SECRET_KEY": "only-for-tests",
            **self.more,
        }

    def shell(self, code: str) -> Any:
        """Run code in the site and return the JSON that it printed."""
        return json.loads(self._manage("shell", "--no-imports", "-c", code))

    def migrate(self) -> None:
        """Make the tables."""
        self._manage("migrate", "--verbosity", "0")

    def _manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def postgres() -> Iterator[str]:
    """Make a database on the machine's PostgreSQL, and drop it."""
    name = f"parley_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES}postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES}{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def site_of(database: str, url: str, **values: Any) -> CallingSite:
    """Return a site with empty tables in a database."""
    site = CallingSite(database=database, url=url, **values)
    site.migrate()
    return site


def in_file(folder: Path) -> str:
    """Return a database of a file in a folder."""
    return f"sqlite:///{folder}/parley.sqlite3"


def question() -> str:
    """Return a text that nobody has asked before: its keys in Redis are nobody else's."""
    return f"About {uuid.uuid4()}"
