"""What a site stands on, looked at now: each part says for itself how it does."""

import asyncio
import shutil
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_ox.stats import oldest_ready_age, ready_count

from llm import provider_status

PING_WITHIN = 1.0  # seconds
BEAT_WITHIN = 30.0  # seconds between two signs of life of the worker
WAIT_AT_MOST = 30.0  # seconds that a due task may wait for a worker
LOW, FULL = 500_000_000, 20_000_000  # bytes left beside SQLite's file: somebody should look, nothing works

DOWN: dict[str, Any] = {
    "database": "down",
    "worker": "unknown",
    "worker_seen_seconds": None,
    "tasks": None,
    "migrations": "unknown",
}


async def parts() -> dict[str, Any]:
    """Look at every part at once, each for a second at most."""
    stored, redis, layer, providers = await asyncio.gather(
        _database(),
        _redis(settings.PARLEY.redis_url),
        _channel_layer(),
        provider_status.states(),
    )
    return {
        **stored,
        "redis": redis,
        "channel_layer": layer,
        "disk": disk_state(_free()),
        "providers": providers,
    }


def can_serve(found: dict[str, Any]) -> bool:
    """Whether a site whose parts do so can answer; a worker that is away only makes some wait."""
    return (
        found["database"] == "ok"
        and found["migrations"] == "ok"
        and found["disk"] != "full"
        and "down" not in (found["redis"], found["channel_layer"])
        and any(provider["state"] == "ok" for provider in found["providers"].values())
    )


async def _database() -> dict[str, Any]:
    """Look into the database; one that answers later than that is `down` to whoever waits."""
    try:
        async with asyncio.timeout(PING_WITHIN):
            return await asyncio.to_thread(_stored)
    except TimeoutError:
        return DOWN


def _stored() -> dict[str, Any]:
    """One thread for all that the database says: a connection opened here is closed here."""
    try:
        age = oldest_ready_age()
        waited = age.total_seconds() if age else 0.0
        tasks = {"waiting": ready_count(), "oldest_seconds": round(waited)}
        migrations = "ok" if not pending() else "pending"
    except DatabaseError:
        return DOWN
    finally:
        connection.close()
    seen = _seen(Path(settings.VAR_DIR) / "worker.heartbeat", time.time())
    return {
        "database": "ok",
        "worker": worker_state(seen, waited),
        "worker_seen_seconds": None if seen is None else round(seen),
        "tasks": tasks,
        "migrations": migrations,
    }


def pending(known: Iterable[tuple[str, str]] | None = None) -> set[tuple[str, str]]:
    """Return the migrations that this code knows and the database has not seen."""
    return set(_known() if known is None else known) - set(MigrationRecorder(connection).applied_migrations())


@cache
def _known() -> frozenset[tuple[str, str]]:
    """Read once: they are files of the code that runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _seen(heartbeat: Path, now: float) -> float | None:
    """Return how many seconds ago a worker of this machine touched its file."""
    try:
        return max(0.0, now - heartbeat.stat().st_mtime)
    except FileNotFoundError:
        return None


def worker_state(seen: float | None, waited: float) -> str:
    """Return `ok` or `down`; where no worker of this machine was ever seen, `off` unless tasks wait."""
    if seen is None:
        return "down" if waited > WAIT_AT_MOST else "off"
    return "ok" if seen < BEAT_WITHIN else "down"


def disk_state(free: int | None) -> str:
    """Return `ok`, `low` or `full`; `off` where the database is not on this disk."""
    if free is None:
        return "off"
    return "full" if free < FULL else "low" if free < LOW else "ok"


def _free() -> int | None:
    if connection.vendor != "sqlite":
        return None
    return shutil.disk_usage(Path(connection.settings_dict["NAME"]).parent).free


async def _channel_layer() -> str:
    """Publish something that nobody hears: it goes the way that live updates go."""
    if not settings.PARLEY.redis_url:
        return "off"
    from redis.exceptions import RedisError

    try:
        async with asyncio.timeout(PING_WITHIN):
            await get_channel_layer().group_send("parley.ready", {"type": "ready"})
    except (RedisError, OSError, TimeoutError):
        return "down"
    return "ok"


async def _redis(url: str) -> str:
    if not url:
        return "off"
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client: Any = Redis.from_url(url)
    try:
        async with asyncio.timeout(PING_WITHIN):
            await client.ping()
    except (RedisError, OSError, TimeoutError):
        return "down"
    else:
        return "ok"
    finally:
        await client.aclose()
