"""The start and the end of a web process. Channels' router knows neither, so this wraps it.

At the start the process's event loop is adopted and the starters run. At the end the drains run: what is in
flight may finish for half a minute, nothing new begins.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from llm import runloop

logger = logging.getLogger(__name__)

type Application = Callable[[dict[str, Any], Receive, Send], Awaitable[Any]]
type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Starter = Callable[[], Awaitable[None]]
type Drain = Callable[[float], Awaitable[None]]

DRAIN = 30.0  # seconds that work in flight gets to finish
AFTER_DRAIN = 2.0  # seconds more, to put down what did not finish; and the same to close connections


class Lifespan:
    """An ASGI application that starts with `on_startup` and ends with `on_drain`.

    Each drain is told the seconds it has, and all run at the same time. A server that speaks no lifespan
    (daphne) starts with its first scope, and calls `finish` itself. Each scope says as `draining` whether
    the process is going down.
    """

    def __init__(
        self,
        app: Application,
        *,
        on_startup: Sequence[Starter] = (),
        on_drain: Sequence[Drain] = (),
        seconds: float = DRAIN,
        after: float = AFTER_DRAIN,
    ) -> None:
        self.app = app
        self.on_startup = on_startup
        self.on_drain = on_drain
        self.seconds = seconds
        self.after = after
        self.draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Task[None] | None = None
        self._drained: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self.start()
            scope["draining"] = self.draining  # no copy: a socket would keep it for hours
            await self.app(scope, receive, send)

    async def start(self) -> None:
        """Adopt the running loop and run the starters, once; raises what one of them raised."""
        if self._starting is None:
            runloop.adopt()
            self._loop = asyncio.get_running_loop()
            self._starting = self._loop.create_task(self._start())
        if not self._starting.done():
            await asyncio.shield(self._starting)  # a visitor who leaves does not undo the start
        self._starting.result()

    def begin_drain(self) -> None:
        """Begin to drain, from a signal handler or any thread."""
        self.draining = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.drain)

    def drain(self) -> asyncio.Task[None]:
        """Begin to drain, if that has not begun; the task ends with it. Call it on the process's loop."""
        self.draining = True
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_task(self._drain())
        return self._drained

    async def finish(self) -> None:
        """Wait for the drains, then close what lives on the loop; bounded."""
        await self.drain()
        try:
            async with asyncio.timeout(self.after):
                await runloop.close()
        except Exception:
            logger.exception("server.close_failed")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception:
            logger.exception("server.start_failed")
            await send({"type": "lifespan.startup.failed"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.finish()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        for starter in self.on_startup:
            await starter()

    async def _drain(self) -> None:
        tasks = [asyncio.ensure_future(drain(self.seconds)) for drain in self.on_drain]
        if not tasks:
            return
        ended, late = await asyncio.wait(tasks, timeout=self.seconds + self.after)
        for task in late:
            task.cancel()
        for task in ended:
            if error := task.exception():
                logger.error("server.drain_failed", exc_info=error)
        if late:
            logger.error("server.drain_too_long", extra={"drains": len(late)})
