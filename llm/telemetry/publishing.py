"""The metrics of all processes of this machine, whichever of them is asked.

Processes share one port, and the worker has none. So each writes what its meters say into a file of its own
every few seconds, and the one that is asked adds those of the others to its own. Every series says whose it
is: a process that dies takes its series along instead of making the sum of all fall.
"""

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from django.conf import settings

from llm import runloop
from llm.telemetry import figures, meters
from llm.telemetry.meters import Family

logger = logging.getLogger(__name__)

BEAT = 1.0  # seconds between two looks at how late the loop is
EVERY = 5.0  # seconds between two writes
DEAD_AFTER = 30.0  # seconds without a write

_beating: asyncio.Task[None] | None = None


def process() -> str:
    """Return what this process is called."""
    return settings.PARLEY.parley_process or f"{socket.gethostname()}-{os.getpid()}"


def folder() -> Path:
    """Return where the processes of this machine leave their numbers."""
    return Path(settings.VAR_DIR) / "metrics"


async def startup() -> None:
    """Publish from the start of a server on, also before its first call."""
    start()


def start() -> None:
    """Publish the numbers of this process until its loop ends, if the site wants metrics; call it there."""
    global _beating
    if _beating is None and settings.PARLEY.parley_metrics_token.get_secret_value():
        ended = asyncio.Event()
        _beating = asyncio.create_task(_beat(ended), name="metrics")
        runloop.on_close(partial(_end, _beating, ended))


async def _end(beating: asyncio.Task[None], ended: asyncio.Event) -> None:
    global _beating
    _beating = None
    ended.set()
    await asyncio.wait([beating])  # a thread that writes cannot be cancelled, and would leave its file behind
    await asyncio.to_thread(_file(process()).unlink, missing_ok=True)


async def _beat(ended: asyncio.Event) -> None:
    clock = asyncio.get_running_loop().time
    written = float("-inf")
    while not ended.is_set():
        if clock() >= written + EVERY:
            written = clock()
            await publish()
        due = clock() + BEAT
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), BEAT)
        figures.LOOP_LAG.observe(max(0.0, clock() - due))


async def publish() -> None:
    """Write what the meters say now, for the other processes."""
    try:
        await asyncio.to_thread(_write, process(), meters.families())
    except OSError as error:  # a full disk; the numbers are those of this process alone then
        logger.warning("metrics.not_published", extra={"error": str(error)})


def of_others() -> list[tuple[str, list[Family]]]:
    """Return what the other living processes said last; files of the dead go."""
    return list(_others(process(), time.time()))


def _others(mine: str, now: float) -> Iterator[tuple[str, list[Family]]]:
    for path in sorted(folder().glob("*.json")):
        try:
            if now - path.stat().st_mtime > DEAD_AFTER:
                path.unlink(missing_ok=True)
            elif path.stem != mine:
                yield path.stem, [Family(**family) for family in json.loads(path.read_text())]
        except FileNotFoundError:
            continue  # it ended just now


def _write(name: str, families: Sequence[Family]) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    new = folder() / f"{name}.new"
    new.write_text(json.dumps([asdict(family) for family in families]))
    new.replace(_file(name))


def _file(name: str) -> Path:
    return folder() / f"{name}.json"
