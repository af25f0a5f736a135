"""A scripted HTTP server on loopback that speaks both vendors' formats; it runs in a thread of its own."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

from aiohttp import web

from tests.wire import anthropic, openai
from tests.wire.answers import Answer
from tests.wire.gate import Gate

FORMATS: dict[str, ModuleType] = {"/v1/chat/completions": openai, "/v1/messages": anthropic}
STALL = 0.25  # seconds after which a write that does not return means that the client is not reading


@dataclass(kw_only=True)
class Seen:
    """A request that came. `sent` counts the deltas that went out, `written` says that all of the answer did,
    `closed` that the client hung up, `stalled` that it stopped reading."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    sent: int = 0
    written: bool = False
    done: bool = False
    closed: bool = False
    stalled: bool = False


class WireServer:
    """Answers each request with the next step of its script.

    with WireServer() as server:
        server.script(status(529), text("Hel", "lo"))       # one answer a request
        server.always(text("ok"))                           # for every request beyond the script
        ...                                                 # server.openai_url, server.anthropic_url
        assert server.requests[0].body["model"] == "gpt-5.6-luna"

    A request beyond the script gets 500 and fails the test when the server ends.
    """

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.streams = 0
        self.most_streams = 0
        self.unscripted = 0
        self._script: deque[Answer] = deque()
        self._always: Answer | None = None
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)

    def script(self, *answers: Answer) -> Self:
        """Add answers to the script."""
        self._script.extend(answers)
        return self

    def forget(self) -> None:
        """Drop what a test has left of its script."""
        self._script.clear()

    def always(self, answer: Answer) -> Self:
        """Answer with this whatever comes after the script."""
        self._always = answer
        return self

    def gate(self) -> Gate:
        """Return a gate for an answer: `text("a", "b", gate=gate)`, then `gate.let()`."""
        return Gate(self._loop)

    @property
    def url(self) -> str:
        """The root, which is what Anthropic's SDK wants."""
        return f"http://127.0.0.1:{self._port}"

    anthropic_url = url

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def connections(self) -> int:
        """How many TCP connections are open."""
        return len(self._runner.server.connections) if self._runner.server else 0

    def wait(self, condition: Callable[[], bool], timeout: float = 10) -> None:
        """Block until the condition holds; raises AssertionError when it does not come true in time."""
        until = time.monotonic() + timeout
        with self._changed:
            while not condition():
                if time.monotonic() > until:
                    raise AssertionError(f"It did not happen within {timeout:g} seconds: {self.requests}")
                self._changed.wait(0.05)

    async def until(self, condition: Callable[[], bool], timeout: float = 10) -> None:
        """Await the condition; see `wait`."""
        await asyncio.to_thread(self.wait, condition, timeout)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if kind is None:
            assert not self.unscripted, f"{self.unscripted} requests came that the script has no answer for"

    async def _start(self) -> None:
        app = web.Application(client_max_size=64 * 2**20)
        for path in FORMATS:
            app.router.add_post(path, self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(path=request.path, headers=headers, body=await request.json())
        with self._under_way(seen):
            return await self._answer(request, seen, self._next())

    @contextmanager
    def _under_way(self, seen: Seen) -> Iterator[None]:
        self.requests.append(seen)
        self.streams += 1
        self.most_streams = max(self.streams, self.most_streams)
        self._tell()
        try:
            yield
            seen.done = True
        except (asyncio.CancelledError, ConnectionError):
            seen.closed = True
            raise
        finally:
            self.streams -= 1
            self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _next(self) -> Answer:
        if self._script:
            return self._script.popleft()
        if self._always is None:
            self.unscripted += 1
        return self._always or Answer(status=500, message="The script has no answer for this request.")

    async def _answer(self, request: web.Request, seen: Seen, answer: Answer) -> web.StreamResponse:
        wire = FORMATS[seen.path]
        headers = {wire.REQUEST_ID: f"req_{len(self.requests)}", **answer.headers}
        if answer.ending == "never":
            await asyncio.Event().wait()
        if answer.status != 200:
            return web.json_response(wire.error_body(answer), status=answer.status, headers=headers)
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **headers})
        await response.prepare(request)
        await self._stream(response, seen, answer, wire)
        seen.written = True
        self._tell()
        if answer.tail:
            await answer.tail.passed()
        if answer.ending == "cut" and request.transport:
            request.transport.abort()
        return response

    async def _stream(
        self, response: web.StreamResponse, seen: Seen, answer: Answer, wire: ModuleType
    ) -> None:
        frames = wire.frames(answer, seen.body) if answer.raw is None else ((answer.raw, False),)
        for frame, held in frames:
            if held and answer.gate:
                await answer.gate.passed()
            for part in _parts(frame, answer.chunk):
                await self._write(response, seen, part)
            seen.sent += held
            self._tell()

    async def _write(self, response: web.StreamResponse, seen: Seen, part: bytes) -> None:
        stall = self._loop.call_later(STALL, self._stalled, seen)
        try:
            await response.write(part)
        finally:
            stall.cancel()

    def _stalled(self, seen: Seen) -> None:
        seen.stalled = True
        self._tell()


def _parts(frame: bytes, size: int) -> Iterator[bytes]:
    step = size or len(frame)
    return (frame[start : start + step] for start in range(0, len(frame), step))
