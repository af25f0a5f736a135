"""Titles made by the model, after the first answer; the chat never waits for one and never fails with it."""

import asyncio
import logging
import re
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import llm
from chat import agents, runner, turns
from chat.models import Conversation, Generation
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


@dataclass(frozen=True, slots=True)
class Named:
    """A conversation to name by its first question, and who may be asked for it."""

    conversation: uuid.UUID
    text: str
    owner: llm.Owner
    model: str | None
    chain: tuple[str, ...]


async def startup() -> None:
    """Name conversations in this process; call it after the keeper's start."""
    runner.on_completed(begin)
    agents.on_completed(begin_after_run)
    runloop.on_close(_end)


def begin(turn: Turn, request: llm.Request, _: Outcome) -> None:
    """Ask for a title in the background, if this was the first answer of a conversation."""
    if turn.opening:
        owner, model, chain = request.owner, request.model, request.chain
        _spawn(_name(Named(turn.conversation, turn.opening, owner, model, chain)))


def begin_after_run(generation: uuid.UUID) -> None:
    """Do the same after an answer that an agent wrote."""
    _spawn(_name_after_run(generation))


async def _name_after_run(generation: uuid.UUID) -> None:
    first = Generation.objects.filter(pk=generation, message__parent__parent=None)
    row = await first.select_related("message__parent", "run").afirst()
    if row and row.run and row.message.parent:
        question, run = row.message.parent, row.run
        who = (run.owner, run.model or None, tuple(run.chain))
        await _name(Named(question.conversation_id, question.content, *who))


async def _name(named: Named) -> None:
    automatic = turns.title_of(named.text)
    untouched = Conversation.objects.filter(pk=named.conversation, title=automatic)
    if not await untouched.aexists():
        return
    try:
        title = tidied(await _answer(named), named.text)
    except (LLMError, PromptError) as error:
        logger.info("chat.no_title", extra={"error": error.code})
        return
    if title:
        await untouched.aupdate(title=title)


async def _answer(named: Named) -> str:
    subject = f"user:{named.owner.user_id}"
    rendered = await prompts.render(PROMPT, {"text": named.text[:SHOWN]}, subject=subject)
    request = llm.Request(
        messages=rendered.messages,
        model=rendered.chain[0] if rendered.chain else named.model,
        chain=rendered.chain or named.chain,
        temperature=rendered.parameters.get("temperature"),
        max_tokens=MOST_TOKENS,
        feature="title",
        owner=named.owner,
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
