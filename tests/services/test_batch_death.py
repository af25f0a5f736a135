"""A batch whose workers are killed: on SQLite, and on PostgreSQL with Redis."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings

from tests.services.conftest import MANY, REDIS, _database
from tests.wire import WireServer, text

TEXTS, AT_ONCE, SOON = 90, 4, 60.0
GOOD = '{"sentiment": "positive", "confidence": 0.9, "reasoning": "Praise."}'


class Workers:
    """A database with one batch, and the workers on it."""

    def __init__(self, database: str, redis: str, wire: WireServer) -> None:
        self.wire = wire
        self._gate = wire.gate()
        wire.always(text(GOOD, gate=self._gate))
        self.pids: list[int] = []
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.services.batch_child"],
            cwd=settings.BASE_DIR,
            env={
                "DATABASE_URL": database,
                "REDIS_URL": redis,
                "DJANGO_SETTINGS_MODULE": "tests.services.batch_settings",
                "PARLEY_ENV_FILE": "",
                "PARLEY_LOCAL_URL": wire.openai_url,
                "PARLEY_CACHE_TTL": "0",
                "PARLEY_QUOTA": "100000/minute",
                "SECRET_KEY": "only-for-tests",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._ask(make=TEXTS)

    def begin(self) -> None:
        self.pids.append(self._ask(work=True)["pid"])

    def kill(self, pid: int) -> None:
        self.pids.remove(pid)
        os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                time.sleep(0.005)

    def look(self) -> dict[str, Any]:
        return self._ask(look=True)

    def let(self, answers: int) -> None:
        """Let so many answers come, and those that may be held for workers that are dead."""
        self._gate.let(answers + 2 * AT_ONCE)

    def let_all(self) -> None:
        self._gate.open()

    def until(self, happened: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Look until it is so, and return how the batch stands then."""
        until = time.monotonic() + SOON
        while not happened(found := self.look()):
            assert time.monotonic() < until, f"It did not happen: {found}"
            time.sleep(0.1)
        return found

    def asked(self, begin: int = 0) -> list[str]:
        """The texts that the model was asked about, from a request on."""
        return [seen.body["messages"][-1]["content"] for seen in self.wire.requests[begin:]]

    def end(self) -> None:
        os.killpg(self._parent.pid, signal.SIGKILL)
        self._parent.communicate()

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(f"{json.dumps(order)}\n")
        self._parent.stdin.flush()
        answer: dict[str, Any] = json.loads(self._parent.stdout.readline())
        return answer


@pytest.fixture(params=["one", MANY])
def workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    redis = "" if request.param == "one" else REDIS
    with _database(request.param, tmp_path_factory) as database, WireServer() as wire:
        found = Workers(database, redis, wire)
        yield found
        found.end()


def test_killed_workers_lose_nothing_and_ask_nothing_twice_that_is_done(workers: Workers) -> None:
    chance = random.Random(7)  # noqa: S311
    workers.begin()
    workers.begin()
    for both in (True, False):
        seen = len(workers.look()["done"])
        goal = seen + chance.randint(5, 25)
        workers.let(goal - seen)
        workers.until(lambda found, goal=goal: len(found["done"]) >= goal)  # type: ignore[misc]
        for pid in list(workers.pids) if both else [chance.choice(workers.pids)]:
            workers.kill(pid)
        kept, requests = set(workers.look()["done"]), len(workers.wire.requests)
        workers.begin()
        workers.let(1)
        workers.until(lambda found, kept=kept: len(found["done"]) > len(kept))  # type: ignore[misc]
        assert not kept & set(workers.asked(requests))
    workers.let_all()
    end = workers.until(lambda found: found["status"] == "completed")
    assert end["counted"] == [TEXTS, 0]
    assert len(end["done"]) == len(set(end["done"])) == TEXTS
    assert end["input_tokens"] == end["sum"]
    asked = workers.asked()
    assert set(asked) == set(end["done"])
    assert len(asked) <= TEXTS + 2 * AT_ONCE
    assert TEXTS <= end["booked"] <= len(asked)
