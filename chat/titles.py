"""Titles made by the model, after the first answer; the chat never waits for one and never fails with it."""

import asyncio
import logging
import re
from collections.abc import Coroutine
from typing import Any

import llm
from chat import runner, turns
from chat.models import Conversation
from chat.turns import Outcome, Turn
from llm import runloop
from llm.errors import LLMError
from prompts import service as prompts
from prompts.errors import PromptError

logger = logging.getLogger(__name__)

PROMPT = "title"
DEADLINE = 20.0  # seconds
MOST_TOKENS = 16
MOST_WORDS = 8
SHOWN = 2000  # characters of the message
TRIMMINGS = " \"'“”*#`."

_tasks: set[asyncio.Task[None]] = set()


async def startup() -> None:
    """Name conversations in this process; call it after the keeper's start."""
    runner.on_completed(begin)
    runloop.on_close(_end)


def begin(turn: Turn, request: llm.Request, _: Outcome) -> None:
    """Ask for a title in the background, if this was the first answer of a conversation."""
    if len(turn.path) == 1 and turn.parent is not None:
        _spawn(_name(turn, turn.path[0].content, request))


async def _name(turn: Turn, text: str, asked: llm.Request) -> None:
    automatic = turns.title_of(text)
    untouched = Conversation.objects.filter(pk=turn.conversation, title=automatic)
    if not await untouched.aexists():
        return
    try:
        title = tidied(await _answer(text, asked), text)
    except (LLMError, PromptError) as error:
        logger.info("chat.no_title", extra={"error": error.code})
        return
    if title:
        await untouched.aupdate(title=title)


async def _answer(text: str, asked: llm.Request) -> str:
    rendered = await prompts.render(PROMPT, {"text": text[:SHOWN]}, subject=f"user:{asked.owner.user_id}")
    request = llm.Request(
        messages=rendered.messages,
        model=rendered.chain[0] if rendered.chain else asked.model,
        chain=rendered.chain or asked.chain,
        temperature=rendered.parameters.get("temperature"),
        max_tokens=MOST_TOKENS,
        feature="title",
        owner=asked.owner,
        prompt=rendered.ref,
        deadline=DEADLINE,
    )
    return (await llm.run(request)).text


def tidied(answer: str, text: str) -> str:
    """Return a model's title without its trimmings; nothing if it is none."""
    line = next(iter(answer.strip().splitlines()), "")
    line = re.sub(r"^(title|topic)\s*:\s*", "", line.strip(), flags=re.IGNORECASE).strip(TRIMMINGS)
    if not line or len(line) > turns.TITLE_LENGTH or len(line.split()) > MOST_WORDS:
        return ""
    if _words(text).startswith(_words(line)) or not _words(line):  # it repeats the question
        return ""
    return line


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _spawn(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _tasks.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[None]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()):
        logger.error("chat.title", exc_info=error)


async def _end() -> None:
    for task in _tasks:
        task.cancel()
    if _tasks:
        await asyncio.wait(set(_tasks))
