"""A process that is kept alive: started on a tether, asked for its health, started again when it dies."""

import http.client
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from config.environment import BASE_DIR

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before another start; doubled by each failure in a row
STEADY = 30.0  # seconds of life after which failures are forgotten
TRIES = 4  # starts of a program that never came up
PROBE_EVERY = 5.0  # seconds
SILENT_PROBES = 6  # in a row, and it hangs
ANSWER_WITHIN = 1.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. `health` is an address that answers once it is up, and `watched` asks it ever after.

    `hopeless` is the exit code after which it is not started again; `grace` the seconds that it gets to end.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    health: str = ""
    watched: bool = False
    hopeless: int | None = None
    grace: float = 5.0


def answers(address: str) -> bool:
    """True if an HTTP server answers there, and not with a failure of its own."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", parts.path, headers={"Connection": "close"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Child:
    """One program's process. `tend` does one round of looking after it, and is called often."""

    def __init__(
        self,
        program: Program,
        *,
        clock: Callable[[], float] = time.monotonic,
        probe: Callable[[str], bool] = answers,
    ) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.up = False
        self.given_up = False
        self._clock = clock
        self._probe = probe
        self._tether = -1  # the write end: closing it, or dying, ends the child
        self._failures = 0
        self._was_up = False
        self._started = self._next_start = self._next_probe = 0.0
        self._silent = 0

    @property
    def settled(self) -> bool:
        """True once it is known whether the program runs; one without an address never says so itself."""
        return self.up or self.given_up or not self.program.health

    def start(self) -> None:
        """Start the process."""
        reading, self._tether = os.pipe()
        program = self.program
        command = [sys.executable, "-m", "config.tether", str(reading), program.module, *program.arguments]
        self.process = subprocess.Popen(  # noqa: S603 our own modules
            command,
            cwd=BASE_DIR,
            env={**os.environ, **program.environment},
            pass_fds=(reading, *program.descriptors),
            stdin=subprocess.DEVNULL,
        )
        os.close(reading)
        self._started = self._next_probe = self._clock()

    def tend(self) -> None:
        """Start it if it is time to, notice its end, ask for its health."""
        now = self._clock()
        if self.process is None:
            if not self.given_up and now >= self._next_start:
                self.start()
        elif (code := self.process.poll()) is not None:
            self._ended(code, now)
        else:
            self._look(now)

    def ask_to_end(self) -> None:
        """Send SIGTERM; the process is not started again by that, but by `tend`."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """End the process now, if it has not ended, and wait for it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._forget()

    @property
    def running(self) -> bool:
        """True while there is a process."""
        return self.process is not None and self.process.poll() is None

    def _look(self, now: float) -> None:
        if now - self._started >= STEADY:
            self._failures = 0
        if not self.program.health:
            self.up = True
        elif now >= self._next_probe and (self.program.watched or not self.up):
            self._examine(self._probe(self.program.health), now)

    def _examine(self, healthy: bool, now: float) -> None:
        if healthy:
            self._silent = 0
            self._next_probe = now + PROBE_EVERY
            if self._was_up and not self.up:
                logger.warning("child.up", extra={"child": self.program.name})
            self.up = self._was_up = True
        elif self.up:
            self._silent += 1
            self._next_probe = now + PROBE_EVERY
            if self._silent >= SILENT_PROBES and self.process is not None:
                logger.warning("child.hangs", extra={"child": self.program.name})
                self.process.kill()

    def _ended(self, code: int, now: float) -> None:
        self._forget()
        self._failures += 1
        never_came_up = bool(self.program.health) and not self._was_up
        if code == self.program.hopeless or (never_came_up and self._failures >= TRIES):
            self.given_up = True
            logger.error("child.given_up", extra={"child": self.program.name, "code": code})
            return
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        self._next_start = now + pause
        logger.warning(
            "child.ended", extra={"child": self.program.name, "code": code, "again_in": f"{pause:g}s"}
        )

    def _forget(self) -> None:
        os.close(self._tether)
        self.process = None
        self.up = False
        self._silent = 0
