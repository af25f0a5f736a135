import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import AsyncClient
from django.utils import timezone
from django_ox.models import OxTask

from llm import chores, readiness
from llm.readiness import FULL, LOW, can_serve, disk_state, pending, worker_state

pytestmark = pytest.mark.django_db(transaction=True)

GOOD: dict[str, Any] = {
    "database": "ok",
    "migrations": "ok",
    "disk": "ok",
    "redis": "off",
    "channel_layer": "off",
    "worker": "ok",
    "providers": {"local": {"state": "ok"}, "openai": {"state": "open"}},
}


async def ready() -> dict[str, Any]:
    answer = await AsyncClient().get("/api/v1/ready")
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize(
    "part",
    [
        {"database": "down"},
        {"migrations": "pending"},
        {"migrations": "unknown"},
        {"disk": "full"},
        {"redis": "down"},
        {"channel_layer": "down"},
        {"providers": {"openai": {"state": "open"}, "local": {"state": "off"}}},
    ],
)
def test_a_part_that_everything_needs_stops_the_site(part: dict[str, Any]) -> None:
    assert can_serve(GOOD)
    assert not can_serve(GOOD | part)


@pytest.mark.parametrize("part", [{"worker": "down"}, {"disk": "low"}, {"disk": "off"}])
def test_a_part_that_can_wait_does_not(part: dict[str, Any]) -> None:
    assert can_serve(GOOD | part)


@pytest.mark.parametrize(
    ("seen", "waited", "state"),
    [(1, 0, "ok"), (31, 0, "down"), (None, 0, "off"), (None, 31, "down"), (1, 31, "ok")],
)
def test_a_worker_is_known_by_its_last_sign(seen: float | None, waited: float, state: str) -> None:
    assert worker_state(seen, waited) == state


@pytest.mark.parametrize(
    ("free", "state"), [(LOW, "ok"), (LOW - 1, "low"), (FULL - 1, "full"), (None, "off")]
)
def test_the_disk_is_told_before_it_is_full(free: int | None, state: str) -> None:
    assert disk_state(free) == state


def test_a_migration_that_the_database_has_not_seen_is_pending() -> None:
    assert pending() == set()
    assert pending([("llm", "0001_initial"), ("llm", "9999_of_tomorrow")]) == {("llm", "9999_of_tomorrow")}


async def test_it_says_how_each_part_does(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    heartbeat = tmp_path / "worker.heartbeat"
    heartbeat.touch()
    os.utime(heartbeat, (time.time() - 12,) * 2)
    task = await chores.purge.aenqueue()
    await OxTask.objects.filter(pk=task.id).aupdate(run_after=timezone.now() - timedelta(seconds=40))
    told = await ready()
    assert (told["database"], told["migrations"], told["worker"], told["draining"]) == (
        "ok",
        "ok",
        "ok",
        False,
    )
    assert told["worker_seen_seconds"] in (12, 13)
    assert told["tasks"]["waiting"] == 1
    assert told["disk"] in (("ok", "low", "full") if connection.vendor == "sqlite" else ("off",))
    assert told["channel_layer"] == told["redis"] == ("ok" if settings.PARLEY.redis_url else "off")


async def test_redis_that_is_away_is_told(settings: Any) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    settings.PARLEY = settings.PARLEY.model_copy(update={"redis_url": nowhere})
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [nowhere]},
        }
    }
    found = await readiness.parts()
    assert (found["redis"], found["channel_layer"]) == ("down", "down")
