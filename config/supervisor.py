"""Keeps children alive until a signal, then ends them in order. One thread, one round every tenth second."""

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from config.child import Child

logger = logging.getLogger(__name__)

ROUND = 0.1  # seconds
SETTLE_WITHIN = 15.0  # seconds after which the rest is told to be ready without those who are slow
SAME_PRESS = 0.5  # seconds in which a second signal is the first one, passed on by `uv run`


class Supervisor:
    """Looks after `stages` of children. They end stage by stage, the first stage first.

    The children of the first stage are what the others are for: they start first, or beside those that were
    started already, and if one of them never comes up, all ends. `when_ready` is called once, when those are
    up and it is known whether the others run.
    """

    def __init__(self, *stages: Sequence[Child], when_ready: Callable[[], None]) -> None:
        self.stages = stages
        self.children = [child for stage in stages for child in stage]
        self.when_ready = when_ready
        self._stopped_at: float | None = None
        self._hurried = False
        self._parent = os.getppid()

    def run(self, *, before_end: Callable[[], None]) -> int:
        """Look after the children until a signal; returns the exit code of the whole."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._on_signal)
        begun, ready, code = time.monotonic(), False, 0
        while self._stopped_at is None and not self._orphaned():
            self._tend()
            if any(child.given_up for child in self.stages[0]):
                code = 1
                break
            if not ready and self._is_ready(time.monotonic() - begun):
                ready = True
                self.when_ready()
            time.sleep(ROUND)
        before_end()
        self._end()
        return code

    def _tend(self) -> None:
        for child in self.children:
            if self._stopped_at is not None:  # by a signal to the whole group, which may have ended it, too
                return
            if child in self.stages[0] or child.process or self._first_is_up():
                child.tend()

    def _first_is_up(self) -> bool:
        return all(child.up for child in self.stages[0])

    def _is_ready(self, waited: float) -> bool:
        return self._first_is_up() and (
            waited > SETTLE_WITHIN or all(child.settled for child in self.children)
        )

    def _end(self) -> None:
        for stage in self.stages:
            for child in stage:
                child.ask_to_end()
            deadline = time.monotonic() + max((child.program.grace for child in stage), default=0)
            while any(child.running for child in stage) and time.monotonic() < deadline and not self._hurried:
                time.sleep(ROUND / 2)
            for child in stage:
                if child.running:
                    logger.warning("child.killed", extra={"child": child.program.name})
                child.kill()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if self._stopped_at is None:
            self._stopped_at = now
        elif number == signal.SIGINT and now - self._stopped_at > SAME_PRESS:
            self._hurried = True

    def _orphaned(self) -> bool:
        """`uv run` was killed: what it ran is not to stay behind. A shell may end and leave us running."""
        return "UV_RUN_RECURSION_DEPTH" in os.environ and os.getppid() != self._parent
