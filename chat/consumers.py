"""The chat's socket: reads frames, calls the service, sends what its mailbox holds. It awaits no model."""

import asyncio
import logging
import uuid
from contextlib import suppress
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.translation import gettext as _

from chat import door, hub, log, opening, service, tail
from chat.bucket import Bucket
from chat.errors import ChatError, FrameTooLarge, NotFound, TooManyFrames
from chat.frames import (
    MOST_BYTES,
    BadFrame,
    ClientFrame,
    Edit,
    Error,
    Live,
    Regenerate,
    Resume,
    Send,
    State,
    Stop,
    decode,
    encode,
)
from chat.mailbox import Mailbox
from chat.models import Generation
from chat.runner import running
from chat.turns import Asked
from llm import origin
from llm.errors import LLMError
from prompts.errors import PromptError

logger = logging.getLogger(__name__)

UNAUTHENTICATED, FORBIDDEN, COME_BACK, TRY_AGAIN = 4401, 4403, 1012, 1013


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One tab, or one program, at one conversation."""

    def __init__(self, conversation: uuid.UUID, user: Any, ticket: Any) -> None:
        """`user` and `ticket`, a Pass, are None for who was not let in."""
        super().__init__()
        self.conversation = conversation
        self.user = user
        self.ticket = ticket
        self.mailbox = Mailbox(too_slow=self._too_slow)
        self.bucket = Bucket()
        self.tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Do what comes, one frame after the other. The hub knows who reads: there is no queue of a channel
        layer to listen to as well, and no task needed for it."""
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def connect(self) -> None:
        await self.accept()
        if self.user is None:
            await self._refuse("unauthenticated", _("Sign in first, or send a valid key."), UNAUTHENTICATED)
            return
        title = await opening.title(self.user, self.conversation)
        if title is None:
            await self._refuse("not_found", _("This conversation does not exist."), FORBIDDEN)
            return
        tail.attach(self.conversation, self.mailbox)
        door.enter(self)
        await self._say(await self._state(title))
        self._spawn(self._pump())

    async def disconnect(self, code: int) -> None:
        door.left(self)
        hub.unsubscribe(self.conversation, self.mailbox)
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            frame = self._read(text_data if text_data is not None else "")
        except BadFrame as error:
            self.mailbox.put(Error(code="bad_frame", text=str(error)))
            return
        except ChatError as error:
            self.mailbox.put(Error(code=error.code, text=error.sentence))
            return
        client_id = frame.id if isinstance(frame, Send | Edit) else None
        with origin.coming_from(_origin(client_id)):
            await self._take(frame, client_id)

    async def _take(self, frame: ClientFrame, client_id: uuid.UUID | None) -> None:
        try:
            self._refuse_haste()
            await self._do(frame)
        except (ChatError, LLMError, PromptError) as error:
            retry_after = getattr(error, "retry_after", None)
            self.mailbox.put(
                Error(code=error.code, text=error.sentence, retry_after=retry_after, client_id=client_id)
            )
        except Exception:
            logger.exception("chat.frame")
            self.mailbox.put(
                Error(code="fault", text=_("Something broke on our side. Try again."), client_id=client_id)
            )

    def leave(self) -> None:
        """Close: the key was revoked, or the session has ended.

        A browser may be in by another session already, since a new password begins one: it comes back, and
        the door tells who is signed out.
        """
        door.left(self)
        if self.ticket.key:
            text = _("This key was revoked. Send one that is valid.")
            self._spawn(self._refuse("unauthenticated", text, UNAUTHENTICATED))
        else:
            self._spawn(self._hang_up(COME_BACK))

    def _read(self, text: str) -> ClientFrame:
        if len(text) > MOST_BYTES:
            raise FrameTooLarge(MOST_BYTES)
        return decode(text)

    def _refuse_haste(self) -> None:
        if wait := self.bucket.take():
            raise TooManyFrames(wait)

    async def _do(self, frame: ClientFrame) -> None:
        match frame:
            case Send():
                asked = Asked(
                    text=frame.text,
                    client_id=frame.id,
                    prompt=frame.prompt or "",
                    model=frame.model or "",
                    parent=frame.parent,
                    key=self.ticket.key,
                    agent=frame.agent,
                )
                await self._send(asked)
            case Stop():
                await service.stop(self.user, frame.generation)
            case Regenerate():
                asked = Asked(
                    prompt=frame.prompt or "",
                    model=frame.model or "",
                    key=self.ticket.key,
                    going_on=frame.going_on,
                    agent=frame.agent,
                )
                await service.regenerate(self.user, self.conversation, frame.message, asked)
            case Edit():
                asked = Asked(
                    text=frame.text,
                    client_id=frame.id,
                    prompt=frame.prompt or "",
                    model=frame.model or "",
                    instead_of=frame.message,
                    key=self.ticket.key,
                    agent=frame.agent,
                )
                await self._send(asked)
            case Resume():
                await self._resume(frame)

    async def _send(self, asked: Asked) -> None:
        """Ask; who sends the same question twice, because it heard no answer, is told of the first one."""
        turn = await service.send(self.user, self.conversation, asked)
        if not turn.new and not self.mailbox.follows(turn.generation):
            await tail.tell(self.mailbox, turn.generation)

    async def _resume(self, frame: Resume) -> None:
        visible = Generation.objects.visible_to(self.user).filter(message__conversation=self.conversation)
        if not await visible.filter(pk=frame.generation).aexists():
            raise NotFound("This answer does not exist in this conversation.")
        await tail.follow(self.mailbox, frame.generation, frame.after)

    async def _state(self, title: str) -> State:
        """Return what runs; the newest answers are known from here on, whether they run or not."""
        newest = await opening.newest(self.conversation)
        if newest:
            self.mailbox.tell(known.generation for known in newest)
        live = []
        for known in reversed(newest):
            if known.is_streaming:
                run = running(known.generation)
                seq = run.flusher.seq if run else await log.length(known.generation, known.run)
                live.append(Live(generation=known.generation, message=known.message, seq=seq))
        return State(conversation=self.conversation, title=title, generations=live)

    def _too_slow(self) -> None:
        """Close a socket that leaves too much unread; it may come back and resume."""
        hub.unsubscribe(self.conversation, self.mailbox)
        for task in self.tasks:
            task.cancel()  # it may wait for the socket for ever
        self._spawn(self._hang_up(TRY_AGAIN))

    async def _pump(self) -> None:
        """Send what the mailbox holds, for as long as the socket reads."""
        with suppress(OSError):  # it is gone, and `disconnect` follows
            while True:
                await self._say(await self.mailbox.get())

    async def _refuse(self, code: str, text: str, close: int) -> None:
        with suppress(OSError):  # who has gone need not be told
            await self._say(Error(code=code, text=text))
        await self._hang_up(close)

    async def _hang_up(self, code: int) -> None:
        with suppress(OSError):
            await self.close(code)

    async def _say(self, frame: Any) -> None:
        await self.base_send({"type": "websocket.send", "text": encode(frame)})

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


def _origin(client_id: uuid.UUID | None) -> origin.Origin:
    """Each frame is a request of its own: a turn goes by the id that the browser gave it."""
    return origin.received(str(client_id or ""), origin.current_traceparent())
