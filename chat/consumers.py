"""The chat's socket: reads frames, calls the service, sends what its mailbox holds. It awaits no model."""

import asyncio
import logging
import uuid
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from chat import hub, service, tail
from chat.errors import ChatError, NotFound
from chat.frames import (
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
from chat.models import Conversation, Generation
from chat.runner import running
from chat.turns import Asked
from llm.errors import LLMError
from prompts.errors import PromptError

logger = logging.getLogger(__name__)

UNAUTHENTICATED, FORBIDDEN, TRY_AGAIN = 4401, 4403, 1013


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One tab, or one program, at one conversation."""

    async def connect(self) -> None:
        await self.accept()
        self.mailbox = Mailbox()
        self.tasks: set[asyncio.Task[None]] = set()
        self.conversation: uuid.UUID = self.scope["url_route"]["kwargs"]["conversation"]
        self.user, self.key = self.scope["user"], self.scope["key"]
        if self.user is None:
            await self._refuse("unauthenticated", "Sign in first, or send a valid key.", UNAUTHENTICATED)
            return
        conversation = await Conversation.objects.visible_to(self.user).filter(pk=self.conversation).afirst()
        if conversation is None:
            await self._refuse("not_found", "This conversation does not exist.", FORBIDDEN)
            return
        hub.subscribe(self.conversation, self.mailbox)
        await self._say(await self._state(conversation))
        self._spawn(self._pump())

    async def disconnect(self, code: int) -> None:
        hub.unsubscribe(self.conversation, self.mailbox)
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        client_id: uuid.UUID | None = None
        try:
            frame = decode(text_data if text_data is not None else "")
            client_id = frame.id if isinstance(frame, Send | Edit) else None
            await self._do(frame)
        except BadFrame as error:
            self.mailbox.put(Error(code="bad_frame", text=str(error)))
        except (ChatError, LLMError, PromptError) as error:
            retry_after = getattr(error, "retry_after", None)
            self.mailbox.put(
                Error(code=error.code, text=error.sentence, retry_after=retry_after, client_id=client_id)
            )
        except Exception:
            logger.exception("chat.frame")
            self.mailbox.put(
                Error(code="fault", text="Something broke on our side. Try again.", client_id=client_id)
            )

    async def _do(self, frame: ClientFrame) -> None:
        match frame:
            case Send():
                asked = Asked(
                    text=frame.text,
                    client_id=frame.id,
                    prompt=frame.prompt or "",
                    model=frame.model or "",
                    parent=frame.parent,
                    key=self.key,
                )
                await service.send(self.user, self.conversation, asked)
            case Stop():
                await service.stop(self.user, frame.generation)
            case Regenerate():
                await service.regenerate(self.user, self.conversation, frame.message, Asked(key=self.key))
            case Edit():
                asked = Asked(text=frame.text, client_id=frame.id, instead_of=frame.message, key=self.key)
                await service.send(self.user, self.conversation, asked)
            case Resume():
                await self._resume(frame)

    async def _resume(self, frame: Resume) -> None:
        visible = Generation.objects.visible_to(self.user).filter(message__conversation=self.conversation)
        if not await visible.filter(pk=frame.generation).aexists():
            raise NotFound("This answer does not exist in this conversation.")
        if not tail.follow_here(self.mailbox, frame.generation, frame.after):
            self._spawn(tail.follow_log(self.mailbox.put, frame.generation, frame.after))

    async def _state(self, conversation: Conversation) -> State:
        generations = Generation.objects.running().filter(message__conversation=conversation)
        live = []
        async for generation in generations.select_related("message"):
            run = running(generation.pk)
            seq = run.flusher.seq if run else await generation.events.acount()
            live.append(Live(generation=generation.pk, message=generation.message_id, seq=seq))
        return State(conversation=conversation.pk, title=conversation.title, generations=live)

    async def _pump(self) -> None:
        """Send what the mailbox holds, for as long as the socket reads."""
        while not self.mailbox.overflowed:
            await self._say(await self.mailbox.get())
        await self.close(TRY_AGAIN)  # too slow to follow; it may come back and resume

    async def _refuse(self, code: str, text: str, close: int) -> None:
        await self._say(Error(code=code, text=text))
        await self.close(close)

    async def _say(self, frame: Any) -> None:
        await self.send(text_data=encode(frame))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
