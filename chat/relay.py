"""Hints between processes over the channel layer: what is written here, and what is to stop there.

Any of them may be lost, doubled or late: readers repair what they miss from the log, and runners look for
the marks of stops. So nothing here waits for the layer, and nothing fails with it.
"""

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from chat import hub
from chat.frames import Event, encode, read_event
from llm import runloop

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000  # frames; beyond that the layer is away and they are dropped
PATIENCE = 2.0  # seconds for one command of the layer
PAUSE = 1.0  # seconds after the layer has failed


class Relay:
    """Carries hints to and from the other processes; `hint` takes theirs, `stop` ends a generation here."""

    def __init__(
        self,
        layer: Any,
        process: uuid.UUID,
        *,
        hint: Callable[[uuid.UUID, Event], None],
        stop: Callable[[uuid.UUID], None],
    ) -> None:
        self._layer = layer
        self._process = process
        self._hint = hint
        self._stop = stop
        self._channel = ""
        self._frames: defaultdict[uuid.UUID, list[str]] = defaultdict(list)
        self._waiting = 0
        self._member: dict[uuid.UUID, bool] = {}
        self._stops: list[tuple[uuid.UUID, uuid.UUID]] = []
        self._news = asyncio.Event()
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]

    def published(self, conversation: uuid.UUID, event: Event) -> None:
        """Tell the others, soon."""
        if self._waiting < MOST_WAITING:
            self._frames[conversation].append(encode(event))
            self._waiting += 1
            self._news.set()

    def watched(self, conversation: uuid.UUID) -> None:
        """Hear of a conversation."""
        self._member[conversation] = True
        self._news.set()

    def unwatched(self, conversation: uuid.UUID) -> None:
        """Hear of it no more."""
        self._member[conversation] = False
        self._news.set()

    def stop_there(self, process: uuid.UUID, generation: uuid.UUID) -> None:
        """Tell the process that runs a generation that it is marked to stop."""
        self._stops.append((process, generation))
        self._news.set()

    async def close(self) -> None:
        """Send and hear nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._patiently("close", self._layer.flush())

    async def _send(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._send_all()

    async def _send_all(self) -> None:
        """Send what has gathered: one message a conversation, however many its frames are."""
        stops, self._stops = self._stops, []
        member, self._member = self._member, {}
        frames, self._frames, self._waiting = self._frames, defaultdict(list), 0
        message: dict[str, Any]
        for process, generation in stops:
            message = {"type": "chat.stop", "generation": generation.hex}
            await self._patiently("stop", self._layer.group_send(_inbox(process), message))
        if self._channel:
            for conversation, is_member in member.items():
                change = self._layer.group_add if is_member else self._layer.group_discard
                await self._patiently("member", change(_group(conversation), self._channel))
        for conversation, texts in frames.items():
            message = {
                "type": "chat.hint",
                "process": self._process.hex,
                "conversation": conversation.hex,
                "frames": texts,
            }
            await self._patiently("hint", self._layer.group_send(_group(conversation), message))

    async def _receive(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception:
                logger.exception("chat.relay_receive")
                await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        channel = await self._layer.new_channel("chat")
        await self._layer.group_add(_inbox(self._process), channel)
        self._channel = channel
        for conversation in hub.watched():
            self.watched(conversation)
        while True:
            self._take(await self._layer.receive(channel))

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "chat.stop":
            self._stop(uuid.UUID(message["generation"]))
        elif message["process"] != self._process.hex:
            for text in message["frames"]:
                self._hint(uuid.UUID(message["conversation"]), read_event(text))

    async def _patiently(self, what: str, command: Any) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await command
        except Exception as error:
            logger.warning("chat.relay_failed", extra={"command": what, "error": repr(error)})


_relay: Relay | None = None


def use(relay: Relay) -> None:
    """Make `relay` the process's until its loop ends."""
    global _relay
    _relay = relay
    hub.connect(relay)
    runloop.on_close(_forget)


def is_on() -> bool:
    """Return whether hints come from other processes."""
    return _relay is not None


def stop_there(process: uuid.UUID, generation: uuid.UUID) -> None:
    """Tell another process at once that a generation is marked to stop, if there is a way."""
    if _relay is not None:
        _relay.stop_there(process, generation)


async def _forget() -> None:
    global _relay
    if _relay is not None:
        hub.disconnect(_relay)
        await _relay.close()
    _relay = None


def _group(conversation: uuid.UUID) -> str:
    return f"chat.{conversation.hex}"


def _inbox(process: uuid.UUID) -> str:
    return f"chat-runner.{process.hex}"
