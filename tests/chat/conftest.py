"""A chat whose process loop is the test's own, as in a server, and whose model is a script."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from chat import keeping, runner
from chat.models import Conversation
from chat.socket import websocket_application
from llm import client, ledger, runloop
from llm.ids import uuid7
from llm.layers.cache import Cache
from llm.layers.fallback import Fallback
from llm.layers.record import Record
from llm.models import ApiKey
from llm.providers.scripted import Scripted, Step
from llm.replies import Replies
from prompts.service import install_starters
from tests.chat.shop import shop


@pytest.fixture
async def loop(transactional_db: None) -> AsyncIterator[None]:
    """Adopt the test's loop and let everything on it end with the test."""
    runloop.adopt()
    runner.reset()
    yield
    await runner.drain(0)
    await runloop.close()
    runner.reset()


@pytest.fixture
def starters(transactional_db: None) -> None:
    install_starters()


@dataclass
class Tab:
    """A browser's tab, or a program, at one conversation."""

    conversation: uuid.UUID
    headers: list[tuple[bytes, bytes]]
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def open(self) -> dict[str, Any]:
        path = f"/ws/chat/{self.conversation}/"
        self.socket = WebsocketCommunicator(websocket_application, path, headers=self.headers)
        connected, _ = await self.socket.connect()
        assert connected
        return await self.next()

    async def send(self, **frame: Any) -> None:
        await self.socket.send_to(text_data=json.dumps(frame, default=str))

    async def next(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.socket.receive_from(timeout=5))
        self.frames.append(frame)
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        while True:
            frame = await self.next()
            if frame["type"] == kind:
                return frame

    async def closed_with(self) -> int:
        event = await self.socket.receive_output(timeout=5)
        assert event["type"] == "websocket.close"
        code: int = event["code"]
        return code

    async def close(self) -> None:
        await self.socket.disconnect()

    @property
    def text(self) -> str:
        return "".join(frame["text"] for frame in self.frames if frame["type"] == "delta")


def use_model(*steps: Step, kept: Replies | None = None, **how: Any) -> Scripted:
    """Let a script answer in the place of the local model; with `kept`, only what is not there."""
    model = Scripted(*steps, **how)
    cache = []
    if kept:
        runloop.on_close(kept.close)
        cache.append(Cache(kept, ledger.write, ttl=60))
    client.use(client.Client({"local": model}, Fallback(("local:smollm2",)), *cache, Record(ledger.write)))
    return model


def with_key(user: User) -> list[tuple[bytes, bytes]]:
    """Return the headers of a program that uses a new key of `user`."""
    _, key = ApiKey.objects.issue(user=user, name="test")
    return [(b"authorization", f"Bearer {key}".encode())]


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def talk(loop: None, starters: None, alice: User) -> Conversation:
    """An empty conversation of Alice's."""
    return keeping.begin(alice)


@pytest.fixture
async def tab(talk: Conversation, alice: User) -> AsyncIterator[Tab]:
    """Alice's open tab; `state` has come."""
    one = Tab(talk.pk, await sync_to_async(with_key)(alice))
    await one.open()
    yield one
    await one.close()


def question(text: str = "Hello") -> dict[str, Any]:
    """Return a send frame with an id of its own."""
    return {"type": "send", "id": str(uuid7()), "text": text}


@pytest.fixture
def open_shop(settings: Settings) -> Iterator[None]:
    """Agents may calculate, and order what a person lets them."""
    with shop(settings):
        yield
