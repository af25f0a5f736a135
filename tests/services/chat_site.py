"""A chat in several processes over one database."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.conf import settings

from tests.wire import WireServer

SOON = 10.0  # seconds that a test waits at most for what must happen


class Web:
    """A web process."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self.wait()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def wait(self) -> None:
        """Wait for its end."""
        until = time.monotonic() + SOON
        while self._signal(0):
            assert time.monotonic() < until, "It does not end."
            time.sleep(0.005)

    def _signal(self, number: int) -> bool:
        """False if it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
            return True
        return False


@dataclass
class Site:
    """A database, perhaps a Redis, a scripted model, and the web processes that use them."""

    database: str
    redis: str
    wire: WireServer
    keys: dict[str, str] = field(default_factory=dict)
    webs: list[Web] = field(default_factory=list)
    begun: int = 0

    def make(self) -> None:
        """Make the tables, the prompts and two people."""
        self.mother = subprocess.Popen(
            [sys.executable, "-m", "tests.services.chat_child"],
            cwd=settings.BASE_DIR,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._order(make=True)
        self.keys = self._hear()

    def begin(self, *several: dict[str, Any]) -> list[Web]:
        """Start web processes together, one for each set of options."""
        numbers = [self._serve(options) for options in several]
        told = {said["serve"]: said for said in (self._hear() for _ in numbers)}
        webs = [Web(told[number]["pid"], told[number]["port"]) for number in numbers]
        self.webs += webs
        return webs

    def again(self, web: Web, **options: Any) -> None:
        """Kill a process and start another in its place."""
        web.kill()
        self._serve({**options, "port": web.port})
        web.pid = self._hear()["pid"]

    def end(self, *webs: Web) -> None:
        """End processes."""
        for web in webs:
            web.kill()

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Let nobody write an answer, its log or its beat."""
        if self.redis:
            with psycopg.connect(self.database) as held:
                held.execute("LOCK TABLE chat_generation, chat_message, chat_generationevent")
                yield
            return
        with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"), isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            yield

    def close(self) -> None:
        """End all of it."""
        assert self.mother.stdin
        assert self.mother.stdout
        self.mother.stdin.close()
        self.mother.stdout.close()
        self.mother.wait(timeout=SOON)

    def _serve(self, options: dict[str, Any]) -> int:
        self.begun += 1
        self._order(serve=self.begun, **options)
        return self.begun

    def _order(self, **what: Any) -> None:
        assert self.mother.stdin
        self.mother.stdin.write(f"{json.dumps(what)}\n")
        self.mother.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self.mother.stdout
        said: dict[str, Any] = json.loads(self.mother.stdout.readline())
        return said

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_ENV_FILE": "",
            "PARLEY_LOCAL_URL": self.wire.openai_url,
            "PARLEY_CACHE_TTL": "0",
            "PARLEY_RATE": "100000/minute",
            "PARLEY_QUOTA": "100000/minute",
            "SECRET_KEY": "only-for-tests",
        }


def name_of_a_database() -> str:
    return f"parley_{uuid.uuid4().hex[:12]}"
