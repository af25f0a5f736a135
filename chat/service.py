"""What a person does in a chat, whichever way it comes in: socket, REST or page.

Every function runs on the process's loop; call it from elsewhere through `runloop.join`.
"""

import uuid
from dataclasses import replace
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

import llm
from chat import agents, asking, hub, relay, runner, turns
from chat.context import shown
from chat.stored import start_frame
from chat.turns import Asked, Turn
from chat.watcher import watcher
from llm import catalog
from llm.types import CachePolicy
from prompts import service as prompts
from prompts.content import DRAIN
from prompts.service import Rendered

ASSISTANT = "assistant"  # the chat's own prompt
GATHER = 0.1  # seconds, after which the eye sees a step


async def send(user: Any, conversation: uuid.UUID, asked: Asked) -> Turn:
    """Store a question and begin its answer; ChatError, PromptError and LLMError store nothing."""
    runner.refuse_while_draining()
    turns.check(asked.text)
    if asked.instead_of:
        asked = await sync_to_async(asking.asked_like)(user, asked.instead_of, asked)
    rendered, asked = await _prepared(user, asked)
    if asked.agent:
        store = partial(asking.ask_alone, user, conversation, asked, agents.NOBODY)
        turn = await sync_to_async(agents.begin)(user, store, rendered, asked)
    else:
        turn = await asking.ask(user, conversation, asked, runner.PROCESS)
    if turn.new:
        _begin(user, turn, rendered, asked)
    return turn


async def regenerate(user: Any, conversation: uuid.UUID, answer: uuid.UUID, asked: Asked) -> Turn:
    """Begin another answer beside `answer`, which goes on from its text if `asked` says so.

    Raises as `send` does.
    """
    runner.refuse_while_draining()
    asked = await sync_to_async(asking.asked_like)(user, answer, asked)
    rendered, asked = await _prepared(user, asked)
    store = partial(asking.ask_again, user, conversation, answer, asked)
    if asked.agent:
        turn = await sync_to_async(agents.begin)(user, partial(store, agents.NOBODY), rendered, asked)
    else:
        turn = await sync_to_async(store)(runner.PROCESS)
    _begin(user, turn, rendered, asked, anew=True)
    return turn


async def stop(user: Any, generation: uuid.UUID) -> None:
    """Stop an answer: the mark first, then the upstream, wherever it runs. Raises NotFound."""
    process = await sync_to_async(agents.stop)(user, generation)
    if process == runner.PROCESS:
        runner.cancel(generation)
    elif process not in (None, agents.NOBODY):
        relay.stop_there(process, generation)


async def _prepared(user: Any, asked: Asked) -> tuple[Rendered, Asked]:
    rendered = await prompts.render(asked.prompt or ASSISTANT, subject=f"user:{user.pk}")
    model = catalog.resolve(asked.model) if asked.model else ""
    asked = replace(
        asked,
        prompt=rendered.slug,
        prompt_version=rendered.version,
        model=model,
        on_disconnect=rendered.on_disconnect,
    )
    return rendered, asked


def _begin(user: Any, turn: Turn, rendered: Rendered, asked: Asked, *, anew: bool = False) -> None:
    chain = (asked.model,) if asked.model else rendered.chain or settings.PARLEY.model_chain
    if turn.run:
        _tell(turn, chain[0], rendered)
        return
    limit = int(rendered.parameters.get("max_tokens") or catalog.card(chain[0]).default_max_tokens)
    request = llm.Request(
        messages=shown(rendered.messages, turn.path, chain[0], limit, turn.begins_with),
        model=chain[0],
        chain=chain,
        temperature=rendered.parameters.get("temperature"),
        max_tokens=limit,
        feature="chat",
        owner=llm.Owner(user_id=user.pk, key_id=asked.key),
        prompt=rendered.ref,
        cache=CachePolicy(ttl=rendered.cache_ttl, read=not anew),
        drain=rendered.on_stop == DRAIN,
        gather=GATHER,
    )
    runner.start(replace(turn, path=()), request)  # the request has what was said, and rows are heavy


def _tell(turn: Turn, model: str, rendered: Rendered) -> None:
    """Say that an agent's answer begins; from here on this process follows it as any other does."""
    start = start_frame(turn, model, rendered.ref)
    hub.publish(turn.conversation, start)
    watcher().hint(turn.conversation, start)
