"""What an agent did for an answer, on the page and in a file."""

import json
import re

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from chat import agents, exporting, reading
from chat.models import Conversation, Generation
from llm.agents import journal
from llm.agents.state import Record
from llm.models.agents import AgentRun
from tests.chat.asking import SUM, ask
from tests.chat.conftest import Tab
from tests.chat.pages import seen_by
from tests.chat.shop import Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("open_shop")]


async def test_a_file_holds_the_steps(tab: Tab, talk: Conversation) -> None:
    await ask(tab)
    await Worker(SUM, "It is 1591.").work()
    await tab.until("end")
    thread = await sync_to_async(reading.thread)(talk)
    markdown = "".join([piece async for piece in exporting.as_markdown(talk, thread)])
    assert "\n    2. calculate(expression=37 * 43): done\n       1591\n\nIt is 1591.\n" in markdown
    whole = json.loads("".join([piece async for piece in exporting.as_json(talk)]))
    asked, answered = whole["messages"]
    assert "steps" not in asked
    assert [step["tool"] for step in answered["steps"]] == [None, "calculate", None]
    assert answered["steps"][1]["observation"] == "1591"


def test_what_tools_bring_is_text_and_opens_without_javascript(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice)
    run = AgentRun.objects.create(user=alice, goal="x", tools=[])
    long = "x" * 5000
    bad = '<img src=x onerror="alert(1)">'
    data = {
        "call": "c",
        "tool": bad,
        "arguments": json.dumps({bad: bad, "whole": long}),
        "observation": bad + long,
        "ms": 3,
    }
    journal.append(run.pk, [Record(seq=1, step=1, kind="tool", status="done", data=data, at=timezone.now())])
    asked = conversation.messages.create(role="user", content="x")
    answer = conversation.messages.create(role="assistant", content="y", parent=asked)
    Generation.objects.create(message=answer, run=run, runner=agents.NOBODY)
    page = seen_by(alice, f"/c/{conversation.pk}/")
    [card] = re.findall(r'<li data-step="1">.*?</li>', page, re.DOTALL)
    assert "<img" not in card
    assert card.count("&lt;img src=x") == 5
    assert [len(run) for run in re.findall("x{1000,}", card)] == [5000, 2000 - len(bad)]
    assert "<details>" in card
    assert 'name="agent" value="1" autocomplete="off" checked' in page
