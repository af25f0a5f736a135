"""What a person does in a chat, whichever way it comes in: socket, REST or page.

Every function runs on the process's loop; call it from elsewhere through `runloop.join`.
"""

import uuid
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

import llm
from chat import runner, turns
from chat.context import shown
from chat.turns import Asked, Turn
from llm import catalog
from prompts import service as prompts
from prompts.service import Rendered

ASSISTANT = "assistant"  # the chat's own prompt


async def send(user: Any, conversation: uuid.UUID, asked: Asked) -> Turn:
    """Store a question and begin its answer; ChatError, PromptError and LLMError store nothing."""
    runner.refuse_while_draining()
    turns.check(asked.text)
    rendered, asked = await _prepared(asked)
    turn = await sync_to_async(turns.ask)(user, conversation, asked, runner.PROCESS)
    if turn.new:
        _begin(user, turn, rendered, asked)
    return turn


async def regenerate(user: Any, conversation: uuid.UUID, answer: uuid.UUID, asked: Asked) -> Turn:
    """Begin another answer beside `answer`; raises as `send` does."""
    runner.refuse_while_draining()
    rendered, asked = await _prepared(asked)
    turn = await sync_to_async(turns.ask_again)(user, conversation, answer, asked, runner.PROCESS)
    _begin(user, turn, rendered, asked)
    return turn


async def stop(user: Any, generation: uuid.UUID) -> None:
    """Stop an answer: the mark first, then the upstream, wherever it runs. Raises NotFound."""
    if await sync_to_async(turns.request_stop)(user, generation):
        runner.cancel(generation)


async def _prepared(asked: Asked) -> tuple[Rendered, Asked]:
    rendered = await prompts.render(asked.prompt or ASSISTANT)
    model = catalog.resolve(asked.model) if asked.model else ""
    return rendered, replace(asked, prompt=rendered.slug, prompt_version=rendered.version, model=model)


def _begin(user: Any, turn: Turn, rendered: Rendered, asked: Asked) -> None:
    chain = (asked.model,) if asked.model else rendered.chain or settings.PARLEY.model_chain
    limit = int(rendered.parameters.get("max_tokens") or catalog.card(chain[0]).default_max_tokens)
    request = llm.Request(
        messages=shown(rendered.messages, turn.path, chain[0], limit),
        model=chain[0],
        chain=chain,
        temperature=rendered.parameters.get("temperature"),
        max_tokens=limit,
        feature="chat",
        owner=llm.Owner(user_id=user.pk, key_id=asked.key),
        prompt=llm.PromptRef(slug=rendered.slug, version=rendered.version),
    )
    runner.start(turn, request)
