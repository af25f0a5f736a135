"""Agents in a chat follow its prompt: who answers, how, booked where, and whether with nobody there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from chat.keeper import Keeper, Pace
from chat.models import Generation
from llm.errors import Unavailable
from llm.models.agents import AgentRun
from llm.providers.scripted import tool_call
from llm.types import PromptRef
from prompts.content import STOP
from prompts.models import PRODUCTION, Prompt
from prompts.service import move_label, save_version
from tests.chat.asking import ask
from tests.chat.conftest import Tab, question
from tests.chat.shop import Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("open_shop")]


@sync_to_async
def follow(**changes: Any) -> None:
    """Change what the chat's prompt says."""
    prompt = Prompt.objects.get(slug="assistant")
    content = replace(prompt.versions.get().content, **changes)
    move_label(prompt, PRODUCTION, save_version(prompt, content, author=None), who=None)


async def test_it_says_which_models_answer_and_how_and_the_ledger_books_it(tab: Tab) -> None:
    chain = "openai:gpt-5.5, openai:gpt-5.6-luna"
    await follow(model=chain, parameters={"temperature": 0.3, "max_tokens": 321})
    await ask(tab)
    worker = Worker(Unavailable("Not now."), "1591")
    await worker.work()
    await tab.until("end")
    first, second = worker.script.requests
    assert (first.model, second.model) == ("openai:gpt-5.5", "openai:gpt-5.6-luna")
    assert (second.temperature, second.max_tokens) == (0.3, 321)
    assert second.prompt == PromptRef(slug="assistant", version=2)
    assert tab.text == "1591"


async def test_the_model_that_a_person_chose_answers_alone(tab: Tab) -> None:
    await follow(model="openai:gpt-5.5")
    await tab.send(**question(), agent=True, model="openai:gpt-5.6-luna")
    await tab.until("start")
    worker = Worker("1591")
    await worker.work()
    [asked] = worker.script.requests
    assert (asked.model, asked.chain) == ("openai:gpt-5.6-luna", ())


@pytest.mark.parametrize(("waits", "ends"), [(False, "cancelled"), (True, "awaiting_approval")])
async def test_work_that_is_done_only_while_it_is_read_ends_with_its_last_reader(
    tab: Tab, waits: bool, ends: str
) -> None:
    now = 0.0
    keeper = Keeper(Pace(alone=5), clock=lambda: now)
    await follow(on_disconnect=STOP)
    await ask(tab)
    if waits:
        await Worker(tool_call("order", article="pens")).work()
    await tab.close()
    await Generation.objects.aupdate(read_at=timezone.now() - timedelta(seconds=60))
    await keeper.look()  # after a start readers may first come back
    assert not await AgentRun.objects.filter(status="cancelled").aexists()
    now = 5.0
    await keeper.look()
    assert (await AgentRun.objects.aget()).status == ends


async def test_work_that_somebody_reads_goes_on(tab: Tab) -> None:
    now = 0.0
    keeper = Keeper(Pace(alone=5), clock=lambda: now)
    await follow(on_disconnect=STOP)
    await ask(tab)
    await Generation.objects.aupdate(read_at=timezone.now())
    now = 5.0
    await keeper.look()
    assert (await AgentRun.objects.aget()).status == "queued"
