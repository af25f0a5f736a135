"""Questions that an agent answers, and what comes of them on a tab."""

import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from chat import agents
from llm.providers.scripted import tool_call
from tests.chat.conftest import Tab, question

SUM = tool_call("calculate", expression="37 * 43")


async def ask(tab: Tab, text: str = "What is 37 * 43?") -> dict[str, Any]:
    """Ask with tools; returns the frame with which the answer starts."""
    await tab.send(**question(text), agent=True)
    return await tab.until("start")


def steps(tab: Tab) -> list[tuple[int, str, str | None, str]]:
    """Number, kind, tool and status of each step frame."""
    frames = [frame for frame in tab.frames if frame["type"] == "step"]
    return [
        (frame["seq"], frame["step"]["kind"], frame["step"]["tool"], frame["step"]["status"])
        for frame in frames
    ]


async def waits(tab: Tab) -> int:
    """Return the step that begins to wait for a person."""
    while True:
        frame = await tab.until("step")
        if frame["step"]["status"] in ("waiting", "unknown"):
            number: int = frame["step"]["seq"]
            return number


async def decide(tab: Tab, user: User, step: int, *, approved: bool, note: str = "") -> None:
    [start] = [frame for frame in tab.frames if frame["type"] == "start"]
    message = uuid.UUID(start["message"])
    await sync_to_async(agents.decide)(user, tab.conversation, message, step, approved=approved, note=note)
