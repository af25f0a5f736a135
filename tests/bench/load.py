"""Many readers in one process: opens streams, says `begin` when all flow, counts for a while, and reports.

It reads JSON: the kind (`ws`, `idle`, `churn`, `sse`, `post`) and what it needs. It prints JSON lines.
"""

import asyncio
import contextlib
import json
import resource
import sys
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import uvloop
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 120.0  # seconds for all streams to flow
TOGETHER = 50  # connections that are opened at once


class Count:
    """What all readers saw: tokens, and how long each was under way, in milliseconds."""

    def __init__(self, readers: int) -> None:
        self.all_flow = asyncio.Event()
        self.readers = readers
        self.tokens = 0
        self.delays: list[float] = []
        self.failures = 0
        self.flowing = 0

    def text(self, text: str) -> None:
        now = time.monotonic()
        stamps = text.split()
        self.tokens += len(stamps)
        self.delays.extend((now - float(stamp)) * 1000 for stamp in stamps)

    def begun(self) -> None:
        """Note that one more reader has got its first token."""
        self.flowing += 1
        if self.flowing == self.readers:
            self.all_flow.set()

    def clear(self) -> None:
        self.tokens, self.delays = 0, []


def say(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


def address(number: int) -> tuple[str, int]:
    """Return a loopback address to call from: one has only some 28,000 ports."""
    return (f"127.0.{number // 10_000}.2", 0)


async def opened(url: str, headers: dict[str, str], number: int) -> ClientConnection:
    return await connect(
        url, additional_headers=headers, ping_interval=None, open_timeout=60,
        local_addr=address(number), max_queue=None,
    )  # fmt: skip


async def read(socket: ClientConnection, count: Count) -> None:
    """Read one answer to its end."""
    is_first = True
    async for raw in socket:
        frame = json.loads(raw)
        if frame["type"] == "delta":
            if is_first:
                count.begun()
                is_first = False
            count.text(frame["text"])
        elif frame["type"] == "end":
            count.failures += (
                not is_first and frame["finish"] != "completed"
            )  # who never flowed counts as such
            return
        elif frame["type"] == "error":
            count.failures += not is_first
            return


async def websockets(urls: list[str], headers: dict[str, str], model: str, window: float) -> None:
    """One answer over each socket."""
    count, sockets = Count(len(urls)), []
    for at in range(0, len(urls), TOGETHER):
        group = enumerate(urls[at : at + TOGETHER], at)
        sockets += await asyncio.gather(*(opened(url, headers, n) for n, url in group))
    readers = [asyncio.create_task(read(socket, count)) for socket in sockets]
    for socket in sockets:
        name = str(uuid.uuid4())  # in the text too: equal questions would share one call
        frame = {"type": "send", "id": name, "text": f"Go on, {name}.", "model": model}
        await socket.send(json.dumps(frame))
    await measured(count, readers, window)


async def events(urls: list[str], headers: dict[str, str], model: str, window: float) -> None:
    """One stream of an OpenAI-compatible server for each address."""
    count = Count(len(urls))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:

        async def stream(url: str) -> None:
            is_first = True
            said = [{"role": "user", "content": f"Go on, {uuid.uuid4()}."}]
            body = {"model": model, "stream": True, "messages": said}
            async with http.post(url, json=body, timeout=aiohttp.ClientTimeout()) as response:
                count.failures += response.status != 200
                async for line in response.content:
                    if not line.startswith(b"data: {"):
                        continue
                    choices = json.loads(line[6:])["choices"]
                    if choices and (text := choices[0]["delta"].get("content")):
                        if is_first:
                            count.begun()
                            is_first = False
                        count.text(text)

        await measured(count, [asyncio.create_task(stream(url)) for url in urls], window)


async def measured(count: Count, readers: list[asyncio.Task[None]], window: float) -> None:
    """Say `begin` when all flow; report what came in the window after it."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(count.all_flow.wait(), PATIENCE)
    count.failures += len(readers) - count.flowing
    count.clear()
    say(begin=True)
    await asyncio.sleep(window)
    delays = sorted(count.delays) or [0.0]
    say(
        tokens=count.tokens,
        failures=count.failures,
        p50=delays[len(delays) // 2],
        p95=delays[int(len(delays) * 0.95)],
        p99=delays[int(len(delays) * 0.99)],
    )
    for reader in readers:
        reader.cancel()


async def idle(urls: list[str], headers: dict[str, str]) -> None:
    """Open sockets that say nothing, and hold them until standard input of the parent is gone."""
    sockets = []
    for at in range(0, len(urls), TOGETHER):
        group = enumerate(urls[at : at + TOGETHER], at)
        sockets += await asyncio.gather(*(opened(url, headers, n) for n, url in group))
    await asyncio.gather(*(socket.recv() for socket in sockets))  # `state`
    say(open=len(sockets))
    await asyncio.sleep(3600)


async def churn(urls: list[str], headers: dict[str, str], rounds: int) -> None:
    """Open and close all sockets again and again; reports after each round."""

    async def once(url: str, number: int) -> None:
        socket = await opened(url, headers, number)
        await socket.recv()
        await socket.close()

    for _ in range(rounds):
        for at in range(0, len(urls), TOGETHER):
            await asyncio.gather(*(once(url, n) for n, url in enumerate(urls[at : at + TOGETHER], at)))
        say(opened=len(urls))


async def posts(url: str, headers: dict[str, str], body: Any, concurrency: int, window: float) -> None:
    """Ask again and again, so many at a time; reports requests a second and their durations in ms."""
    durations: list[float] = []
    failures = 0
    end = 0.0
    askers = [await Asker.to(url, headers, body) for _ in range(concurrency)]

    async def work(asker: Asker) -> None:
        nonlocal failures
        while (begun := time.perf_counter()) < end:
            failures += not await asker.ask()
            durations.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*(asker.ask() for asker in askers))
    await asyncio.gather(*(asker.ask() for asker in askers))
    say(begin=True)
    begun = time.perf_counter()
    end = begun + window
    await asyncio.gather(*map(work, askers))
    spent = time.perf_counter() - begun
    durations.sort()
    say(
        rate=len(durations) / spent,
        requests=len(durations),
        p50=durations[len(durations) // 2],
        failures=failures,
    )


class Asker:
    """A connection that is kept, and the request that goes over it again and again."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str, body: str
    ) -> None:
        self.reader, self.writer, self.head, self.body = reader, writer, head, body

    @classmethod
    async def to(cls, url: str, headers: dict[str, str], body: Any) -> "Asker":
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        fields = {"host": parts.netloc, "content-type": "application/json", **headers}
        head = f"POST {parts.path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        return cls(reader, writer, head, json.dumps(body))

    async def ask(self) -> bool:
        """Ask once; returns whether the answer was a 200."""
        body = self.body.replace("UNIQUE", uuid.uuid4().hex)
        self.writer.write(f"{self.head}content-length: {len(body)}\r\n\r\n{body}".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            await self.reader.readuntil(b"\r\n0\r\n\r\n")
        else:
            await self.reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        return head.split(b" ", 2)[1] == b"200"


KINDS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "ws": websockets,
    "sse": events,
    "idle": idle,
    "churn": churn,
    "post": posts,
}


def main() -> None:
    """Do what the argument says."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    del soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    options = json.load(sys.stdin)
    uvloop.run(KINDS[options.pop("kind")](**options))


if __name__ == "__main__":
    main()
