"""GET /health: the process lives. GET /ready: it can serve."""

import asyncio
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django_ox.stats import oldest_ready_age
from ninja import Router, Schema

from llm import provider_status

router = Router(tags=["operation"], auth=None)

PING_WITHIN = 1.0  # seconds
BEAT_WITHIN = 30.0  # seconds between two signs of life of the worker
WAIT_AT_MOST = 30.0  # seconds that a due task may wait for a worker


class Health(Schema):
    status: str
    version: str


@router.get("/health", response=Health, summary="Does the process answer?")
async def health(request: HttpRequest) -> dict[str, str]:
    """Say that the process answers; asks nothing of anybody else."""
    return {"status": "ok", "version": settings.VERSION}


@router.get("/ready", summary="Can it serve?")
async def ready(request: HttpRequest) -> JsonResponse:
    """Say whether requests can be served, and what each part does. 503 when they cannot.

    A process that is going down says `draining`: it ends what it has begun, and wants nothing new.
    """
    parts = await _parts()
    serves = (
        parts["database"] == "ok"
        and parts["redis"] != "down"
        and any(provider["state"] == "ok" for provider in parts["providers"].values())
    )
    status = "ok" if serves else "down"
    if getattr(request, "scope", {}).get("draining"):
        status = "draining"
    body = {"status": status, **parts}
    if status == "ok":
        return JsonResponse(body)
    return JsonResponse(body, status=503, headers={"Retry-After": "5"})


async def _parts() -> dict[str, Any]:
    """Look at every part at once, each for a second at most."""
    (database, worker), redis, providers = await asyncio.gather(
        asyncio.to_thread(_database_and_worker), _redis(settings.PARLEY.redis_url), provider_status.states()
    )
    return {"database": database, "redis": redis, "worker": worker, "providers": providers}


def _database_and_worker() -> tuple[str, str]:
    """One thread for both: a connection opened here is closed here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok", worker_state(settings.VAR_DIR / "worker.heartbeat", time.time())
    except DatabaseError:
        return "down", "unknown"
    finally:
        connection.close()


def worker_state(heartbeat: Path, now: float) -> str:
    """Return `ok` or `down` by the file that a worker of this machine touches.

    Without one, `down` when due tasks wait for nobody, else `off`.
    """
    try:
        return "ok" if now - heartbeat.stat().st_mtime < BEAT_WITHIN else "down"
    except FileNotFoundError:
        waits = oldest_ready_age()
        return "down" if waits and waits.total_seconds() > WAIT_AT_MOST else "off"


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
