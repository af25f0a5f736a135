"""The smallest handlers that a layer can wrap."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from llm.types import Delta, Emit, Message, Reply, Request


def ask(text: str = "Hello", model: str | None = "openai:gpt-5.6-luna", **values: object) -> Request:
    """Return a request with one message."""
    return Request(messages=(Message(role="user", content=text),), model=model, **values)  # type: ignore[arg-type]


def answer(text: str = "Hi", model: str = "openai:gpt-5.6-luna", **values: object) -> Reply:
    """Return a whole reply."""
    return Reply(text=text, model=model, finish="stop", **values)  # type: ignore[arg-type]


@dataclass
class Script:
    """A handler that plays one step a call: an error to raise, or deltas to push and then a reply."""

    steps: Sequence[Exception | list[str]]
    requests: list[Request] = field(default_factory=list)

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        for text in step:
            await emit(Delta(text=text))
        return answer("".join(step), model=request.model or "")

    @property
    def calls(self) -> int:
        return len(self.requests)


class Held:
    """A handler that waits for the test between two deltas."""

    def __init__(self, *deltas: str) -> None:
        self.deltas = deltas
        self.calls = 0
        self.cancelled = False
        self.go = asyncio.Semaphore(0)

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        self.calls += 1
        try:
            for text in self.deltas:
                await self.go.acquire()
                await emit(Delta(text=text))
            await self.go.acquire()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return answer("".join(self.deltas))

    def release(self, steps: int) -> None:
        for _ in range(steps):
            self.go.release()


class Collected:
    """An emit that keeps what it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, delta: Delta) -> None:
        self.texts.append(delta.text)

    @property
    def text(self) -> str:
        return "".join(self.texts)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until `condition` holds; bounded, so that a test fails instead of hanging."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 nothing tells when
            await asyncio.sleep(0)
