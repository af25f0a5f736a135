"""The people in front of a chat: a program that speaks REST, and tabs that come back."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from llm.ids import uuid7
from tests.services.chat_site import SOON, Site

PATIENCE = aiohttp.ClientTimeout(total=SOON)


class Program:
    """A person's program: REST, and sockets that it opens."""

    def __init__(self, site: Site, who: str = "alice") -> None:
        self.headers = {"Authorization": f"Bearer {site.keys[who]}"}

    async def get(self, port: int, path: str) -> dict[str, Any]:
        status, found = await self.asked("GET", port, path)
        assert status < 400, found
        return found

    async def post(self, port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
        status, found = await self.asked("POST", port, path, body)
        assert status < 400, found
        return found

    async def asked(
        self, method: str, port: int, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and body of a REST call."""
        url = f"http://127.0.0.1:{port}/api/v1{path}"
        async with (
            aiohttp.ClientSession(headers=self.headers, timeout=PATIENCE) as http,
            http.request(method, url, json=body) as response,
        ):
            return response.status, await response.json()

    async def conversation(self, port: int) -> str:
        made: str = (await self.post(port, "/conversations", {}))["id"]
        return made

    async def answer(self, port: int, conversation: str) -> dict[str, Any]:
        """Return the newest message as it is stored."""
        found = await self.get(port, f"/conversations/{conversation}/messages")
        last: dict[str, Any] = found["messages"][-1]
        return last

    async def booked(self, port: int, feature: str = "chat") -> int:
        """Return how many calls of a feature are on the books."""
        rows = (await self.get(port, "/usage?by=feature"))["rows"]
        return sum(row["calls"] for row in rows if row["feature"] == feature)


class Tab:
    """A tab that comes back when it is cut off, resumes, and shows every flush once.

    `largest` is the longest text of a frame, `gaps` are flushes that were missing, `resumed` says how often
    it asked to go on, `closed_with` is the last close code. An error frame fails the test, unless the tab
    `forgives`.
    """

    def __init__(self, program: Program, port: Callable[[], int], conversation: str) -> None:
        self.program = program
        self.port = port
        self.conversation = conversation
        self.text = ""
        self.seq = 0
        self.generation = ""
        self.message = ""
        self.end: dict[str, Any] = {}
        self.errors: list[dict[str, Any]] = []
        self.connects = self.largest = self.gaps = self.resumed = 0
        self.closed_with: int | None = None
        self.forgives = False
        self._socket: ClientConnection | None = None
        self._reloads = False
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

    async def reload(self) -> None:
        """Forget everything, and begin with the page as it stands."""
        self._reloads = True
        await self.close_socket()

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
                if self._reloads:
                    await self._begin_with_the_page()
                await self._visit()
            except (OSError, WebSocketException, EOFError, aiohttp.ClientError):
                await asyncio.sleep(0.01)

    async def _begin_with_the_page(self) -> None:
        shown = await self.program.answer(self.port(), self.conversation)
        self._reloads = False
        if shown["generation"]:
            self.begin(shown["generation"], shown["id"])
            self.text, self.seq = shown["content"], shown["seq"]

    async def _visit(self) -> None:
        url = f"ws://127.0.0.1:{self.port()}/ws/chat/{self.conversation}/"
        async with connect(url, additional_headers=self.program.headers, max_size=None) as socket:
            self._socket = socket
            self.connects += 1
            async for message in socket:
                assert isinstance(message, str)
                await self._take(json.loads(message))
                self._open.set()
        self.closed_with = socket.close_code
        raise EOFError

    async def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "state":
                await self._catch_up(frame)
            case "start":
                self.begin(frame["generation"], frame["message"])
            case "delta" if frame["generation"] == self.generation:
                self.largest = max(self.largest, len(frame["text"]))
                await self._add(frame)
            case "end" if frame["generation"] == self.generation:
                await self._finish(frame)
            case "error":
                assert self.forgives, frame
                self.errors.append(frame)
        async with self._news:
            self._news.notify_all()

    async def _catch_up(self, state: dict[str, Any]) -> None:
        for live in state["generations"]:
            if live["generation"] != self.generation:
                self.begin(live["generation"], live["message"])
        if self.generation and not self.end:
            await self.resume()

    def begin(self, generation: str, message: str) -> None:
        """Show an answer from its first flush on."""
        self.generation, self.message = generation, message
        self.text, self.seq, self.end = "", 0, {}

    async def _add(self, delta: dict[str, Any]) -> None:
        if delta["to"] <= self.seq:
            return
        if delta["from"] != self.seq + 1:
            self.gaps += 1
            await self.resume()
            return
        self.text += delta["text"]
        self.seq = delta["to"]

    async def _finish(self, end: dict[str, Any]) -> None:
        if end["seq"] > self.seq:
            self.gaps += 1
            await self.resume()
            return
        self.end = end

    async def resume(self) -> None:
        """Ask for what comes after the last flush that it has."""
        self.resumed += 1
        await self.send(type="resume", generation=self.generation, after=self.seq)
