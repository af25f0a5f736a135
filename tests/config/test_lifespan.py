import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from config.lifespan import Lifespan
from llm import runloop
from tests.llm.layers.fakes import until


class Server:
    """Speaks lifespan to an application, as uvicorn does."""

    def __init__(self, application: Lifespan) -> None:
        self.application = application
        self.sent: list[str] = []
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._news = asyncio.Event()

    async def say(self, event: str) -> str:
        """Send an event and return the application's answer."""
        self._news.clear()
        self._events.put_nowait({"type": f"lifespan.{event}"})
        await self._news.wait()
        return self.sent[-1]

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message["type"].removeprefix("lifespan."))
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        task = asyncio.create_task(self.application({"type": "lifespan"}, self._events.get, self._send))
        yield self
        await task


class Page:
    """An application that counts its scopes."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scopes.append(scope["type"])


class Hook:
    """A starter or drain that remembers its calls; `go` lets a drain end."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[float, ...]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.error = error
        self.cancelled = False

    async def __call__(self, *arguments: float) -> None:
        self.calls.append(arguments)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error:
            raise self.error


async def test_the_server_s_loop_becomes_the_process_s_before_anything_is_served() -> None:
    starter = Hook()
    async with Server(Lifespan(Page(), on_startup=[starter])).running() as server:
        assert await server.say("startup") == "startup.complete"
        assert runloop.get() is asyncio.get_running_loop()
        assert starter.calls == [()]
        await server.say("shutdown")


async def test_a_start_that_fails_is_told_to_the_server(caplog: pytest.LogCaptureFixture) -> None:
    application = Lifespan(Page(), on_startup=[Hook(OSError("no database"))])
    async with Server(application).running() as server:
        assert await server.say("startup") == "startup.failed"
    assert "no database" in caplog.text


async def test_the_end_waits_for_what_is_in_flight() -> None:
    drain = Hook()
    drain.go.clear()
    async with Server(Lifespan(Page(), on_drain=[drain], seconds=30)).running() as server:
        await server.say("startup")
        ending = asyncio.create_task(server.say("shutdown"))
        await until(lambda: bool(drain.calls))
        assert (drain.calls, server.sent) == ([(30,)], ["startup.complete"])
        drain.go.set()
        assert await ending == "shutdown.complete"


async def test_the_drain_begins_with_the_signal_and_is_the_only_one() -> None:
    drain, application = Hook(), Lifespan(Page())
    application.on_drain = [drain]
    async with Server(application).running() as server:
        await server.say("startup")
        assert not application.draining
        await asyncio.to_thread(application.begin_drain)
        assert application.draining
        application.begin_drain()
        await until(lambda: bool(drain.calls))
        await server.say("shutdown")
    assert len(drain.calls) == 1


async def test_a_drain_that_does_not_end_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    drain, quick = Hook(), Hook()
    drain.go.clear()
    application = Lifespan(Page(), on_drain=[drain, quick], seconds=0.01, after=0.01)
    async with Server(application).running() as server:
        await server.say("startup")
        assert await server.say("shutdown") == "shutdown.complete"
    assert (drain.cancelled, len(quick.calls)) == (True, 1)
    assert "server.drain_too_long" in caplog.text


async def test_a_drain_that_fails_does_not_stop_the_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        async with Server(Lifespan(Page(), on_drain=[Hook(OSError("oh"))])).running() as server:
            await server.say("startup")
            assert await server.say("shutdown") == "shutdown.complete"
    assert "server.drain_failed" in caplog.text


async def test_connections_close_after_the_drain() -> None:
    order: list[str] = []

    async def drain(_: float) -> None:
        order.append("drained")

    async def close() -> None:
        order.append("closed")

    async with Server(Lifespan(Page(), on_drain=[drain])).running() as server:
        await server.say("startup")
        runloop.on_close(close)
        await server.say("shutdown")
    assert order == ["drained", "closed"]


async def test_a_server_without_lifespan_starts_with_its_first_scope() -> None:
    starter, page = Hook(), Page()
    starter.go.clear()
    application = Lifespan(page, on_startup=[starter])
    nobody: Any = None
    visits = [asyncio.create_task(application({"type": "http"}, nobody, nobody)) for _ in range(3)]
    await asyncio.sleep(0)
    visits.pop().cancel()  # a visitor who leaves does not undo the start
    starter.go.set()
    await asyncio.gather(*visits)
    assert (starter.calls, page.scopes) == ([()], ["http", "http"])
    assert runloop.get() is asyncio.get_running_loop()
    await application.finish()
