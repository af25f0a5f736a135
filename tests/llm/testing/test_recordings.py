"""What the real local model said in both wire formats, read again by the whole provider, without a network.

uv run pytest --record tests/llm/testing/test_recordings.py    asks it again.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

import llm
from llm.extraction.schemas import Sentiment
from llm.testing import assert_llm_calls
from llm.testing.recording import Recording
from tests.llm.layers.fakes import Collected

FORMATS = ("openai:smollm2", "anthropic:smollm2")
both = pytest.mark.parametrize("model", FORMATS, ids=["openai", "anthropic"])

_blocked = False


def _no_connection(event: str, arguments: tuple[Any, ...]) -> None:
    if _blocked and event == "socket.connect":
        raise AssertionError(f"A replay connects to {arguments[1]}.")


sys.addaudithook(_no_connection)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, _own_process_loop: None) -> Iterator[None]:
    """A replay touches no socket, not even on loopback."""
    global _blocked
    _blocked = not request.config.getoption("record")
    yield
    _blocked = False


FELT = (
    ("I am so angry.", {"sentiment": "negative", "confidence": 0.9, "reasoning": "Anger."}),
    ("It is a chair.", {"sentiment": "neutral", "confidence": 0.9, "reasoning": "A fact."}),
    ("I am so proud.", {"sentiment": "positive", "confidence": 0.9, "reasoning": "Pride."}),
)


async def render(slug: str, variables: Mapping[str, object], *, subject: str = "") -> Any:
    """Stand in for the prompt system with examples, without which so small a model writes no JSON."""
    shown = [
        turn
        for text, data in FELT
        for turn in (llm.Message.user(text), llm.Message(role="assistant", content=json.dumps(data)))
    ]
    return SimpleNamespace(
        slug=slug,
        version=1,
        messages=(*shown, llm.Message.user(str(variables["text"]))),
        chain=(),
        parameters={"max_tokens": 60},
        cache_ttl=None,
        on_stop="stop",
    )


ORDER_STATUS = llm.Tool(
    name="order_status",
    description="Look up.",
    parameters={"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
)


def ask(model: str, *messages: llm.Message, **rest: Any) -> llm.Request:
    return llm.Request(**{"messages": messages, "model": model, "temperature": 0, "max_tokens": 12, **rest})


@both
async def test_chat(recording: Recording, model: str) -> None:
    with assert_llm_calls(1, model=model):
        reply = await llm.run(ask(model, llm.Message.system("Be brief."), llm.Message.user("Say hello.")))
    assert reply.text.strip()
    assert reply.model == model
    assert 0 < reply.usage.output_tokens <= 12
    assert reply.usage.input_tokens > 8
    assert not reply.estimated
    assert reply.upstream_id


@both
async def test_stream(recording: Recording, model: str) -> None:
    reader = Collected()
    reply = await llm.run(ask(model, llm.Message.user("Count to five.")), reader)
    assert len(reader.texts) > 3
    assert "".join(reader.texts) == reply.text


@both
async def test_extraction(recording: Recording, model: str, settings: Settings) -> None:
    settings.LLM_PROMPTS = f"{__name__}.render"
    done = await llm.extract(Sentiment, "I am so happy.", model=model)
    assert done.data.sentiment == "positive"
    assert done.usage.output_tokens > 10


@both
async def test_tools(recording: Recording, model: str) -> None:
    reply = await llm.run(ask(model, *_orders(), tools=(ORDER_STATUS,), max_tokens=40))
    assert reply.finish == "tool_calls"
    (call,) = reply.tool_calls
    assert (call.name, call.arguments) == ("order_status", '{"number": 12}')
    assert call.id


def _orders() -> Iterator[llm.Message]:
    """Three questions about orders, each with its call and what came of it, and a fourth without."""
    for number, status in ((7, "shipped"), (9, "packed"), (31, "lost")):
        call = llm.ToolCall(id=f"call_{number}", name="order_status", arguments=f'{{"number": {number}}}')
        yield llm.Message.user(f"Where is order {number}?")
        yield llm.Message(role="assistant", content="", tool_calls=(call,))
        yield llm.Message.result(call, status)
    yield llm.Message.user("Where is order 12?")


def test_every_recording_belongs_to_a_test(orphaned_recordings: Sequence[Path]) -> None:
    assert not orphaned_recordings
