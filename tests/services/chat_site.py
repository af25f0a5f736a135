"""A chat in several processes over one database, the people in front of it, and a wire that can be cut."""

import asyncio
import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from llm.ids import uuid7
from tests.wire import WireServer

SOON = 10.0  # seconds that a test waits at most for what must happen

PATIENCE = aiohttp.ClientTimeout(total=SOON)


class Web:
    """A web process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        self.process.communicate(timeout=SOON)


@dataclass
class Site:
    """A database, perhaps a Redis, a scripted model, and the web processes that use them."""

    database: str
    redis: str
    wire: WireServer
    keys: dict[str, str] = field(default_factory=dict)
    webs: list[Web] = field(default_factory=list)

    def make(self) -> None:
        """Make the tables, the prompts and two people."""
        done = subprocess.run(**self._command({"make": True}), stderr=subprocess.PIPE, check=True)
        self.keys = json.loads(done.stdout)

    def begin(self, *several: dict[str, Any]) -> list[Web]:
        """Start web processes together, one for each set of options."""
        children = [subprocess.Popen(**self._command(options)) for options in several]
        webs = [Web(child) for child in children]
        self.webs += webs
        return webs

    def end(self) -> None:
        """End what still runs."""
        for web in self.webs:
            web.kill()

    def _command(self, options: dict[str, Any]) -> dict[str, Any]:
        environment = {
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_ENV_FILE": "",
            "PARLEY_LOCAL_URL": self.wire.openai_url,
            "PARLEY_CACHE_TTL": "0",
            "PARLEY_RATE": "100000/minute",
            "PARLEY_QUOTA": "100000/minute",
            "SECRET_KEY": "only-for-tests",
        }
        return {
            "args": [sys.executable, "-m", "tests.services.chat_child", json.dumps(options)],
            "cwd": settings.BASE_DIR,
            "env": environment,
            "stdout": subprocess.PIPE,
            "text": True,
        }


class Program:
    """A person's program: REST, and sockets that it opens."""

    def __init__(self, site: Site, who: str = "alice") -> None:
        self.headers = {"Authorization": f"Bearer {site.keys[who]}"}

    async def get(self, port: int, path: str) -> dict[str, Any]:
        async with aiohttp.ClientSession(headers=self.headers, timeout=PATIENCE) as http:
            response = await http.get(f"http://127.0.0.1:{port}/api/v1{path}")
            found: dict[str, Any] = await response.json()
            return found

    async def post(self, port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with aiohttp.ClientSession(headers=self.headers, timeout=PATIENCE) as http:
            response = await http.post(f"http://127.0.0.1:{port}/api/v1{path}", json=body)
            found: dict[str, Any] = await response.json()
            return found

    async def conversation(self, port: int) -> str:
        made: str = (await self.post(port, "/conversations", {}))["id"]
        return made

    async def answer(self, port: int, conversation: str) -> dict[str, Any]:
        """Return the newest message as it is stored."""
        found = await self.get(port, f"/conversations/{conversation}/messages")
        last: dict[str, Any] = found["messages"][-1]
        return last

    async def booked(self, port: int) -> int:
        """Return how many calls of the chat are on the books."""
        rows = (await self.get(port, "/usage?by=feature"))["rows"]
        return sum(row["calls"] for row in rows if row["feature"] == "chat")


class Tab:
    """A tab that comes back when it is cut off, resumes, and shows every flush once."""

    def __init__(self, program: Program, port: Callable[[], int], conversation: str) -> None:
        self.headers = program.headers
        self.port = port
        self.conversation = conversation
        self.text = ""
        self.seq = 0
        self.generation = ""
        self.message = ""
        self.end: dict[str, Any] = {}
        self.connects = 0
        self.received = 0
        self.largest = 0
        self.gaps = 0
        self._socket: ClientConnection | None = None
        self._open = asyncio.Event()
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._live())

    async def __aenter__(self) -> Self:
        await asyncio.wait_for(self._open.wait(), SOON)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def send(self, **frame: Any) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame, default=str))

    async def ask(self, text: str = "Hello") -> None:
        await self.send(type="send", id=uuid7(), text=text)

    async def close_socket(self) -> None:
        """Lose the connection; the tab comes back by itself."""
        assert self._socket is not None
        await self._socket.close()

    async def until(self, happened: Callable[["Tab"], object], within: float = SOON) -> None:
        """Wait until the tab shows something."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: self._task.done() or happened(self))
        except TimeoutError:
            raise AssertionError(f"It did not happen: {self.seq} flushes came, then {self.end}.") from None
        if self._task.done():
            self._task.result()

    async def _live(self) -> None:
        while True:
            try:
                await self._visit()
            except (OSError, WebSocketException, EOFError):
                await asyncio.sleep(0.01)

    async def _visit(self) -> None:
        url = f"ws://127.0.0.1:{self.port()}/ws/chat/{self.conversation}/"
        async with connect(url, additional_headers=self.headers, max_size=None, compression=None) as socket:
            self._socket = socket
            self.connects += 1
            async for message in socket:
                assert isinstance(message, str)
                await self._take(json.loads(message), len(message.encode()))
                self._open.set()
        raise EOFError

    async def _take(self, frame: dict[str, Any], size: int) -> None:
        match frame["type"]:
            case "state":
                await self._catch_up(frame)
            case "start":
                self._begin(frame["generation"], frame["message"])
            case "delta" if frame["generation"] == self.generation:
                self.received += size
                self.largest = max(self.largest, len(frame["text"]))
                await self._add(frame)
            case "end" if frame["generation"] == self.generation:
                await self._finish(frame)
            case "error":
                raise AssertionError(frame)
        async with self._news:
            self._news.notify_all()

    async def _catch_up(self, state: dict[str, Any]) -> None:
        for live in state["generations"]:
            if live["generation"] != self.generation:
                self._begin(live["generation"], live["message"])
        if self.generation and not self.end:
            await self._resume()

    def _begin(self, generation: str, message: str) -> None:
        self.generation, self.message = generation, message
        self.text, self.seq, self.end = "", 0, {}

    async def _add(self, delta: dict[str, Any]) -> None:
        if delta["to"] <= self.seq:
            return
        if delta["from"] != self.seq + 1:
            self.gaps += 1
            await self._resume()
            return
        self.text += delta["text"]
        self.seq = delta["to"]

    async def _finish(self, end: dict[str, Any]) -> None:
        if end["seq"] > self.seq:
            self.gaps += 1
            await self._resume()
            return
        self.end = end

    async def _resume(self) -> None:
        await self.send(type="resume", generation=self.generation, after=self.seq)


class Proxy:
    """Carries bytes to a port until they are cut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        for pump in (_pump(reader, back), _pump(there, writer)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()


def name_of_a_database() -> str:
    return f"parley_{uuid.uuid4().hex[:12]}"
