"""The recorder keeps what went over the wire and nothing else, and a replay insists on it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import llm
from config.environment import Environment
from llm.testing.recording import Recording, RecordingDiffers, RecordingMissing
from tests.wire import WireServer, text

KEY = "sk-0123456789abcdef"


def ask(words: str = "Hi", model: str = "openai:gpt-5.6-luna") -> llm.Request:
    return llm.Request(messages=(llm.Message.user(words),), model=model)


@pytest.fixture
def tape(tmp_path: Path) -> Recording:
    return Recording(path=tmp_path / "module" / "test.yaml", again="pytest --record test")


@pytest.fixture
def site(wire: WireServer) -> Environment:
    wire.always(text("Hello ", "there"))
    return Environment(
        openai_api_key=SecretStr(KEY),
        openai_base_url=wire.openai_url,
        anthropic_api_key=SecretStr(KEY),
        anthropic_base_url=wire.anthropic_url,
    )


def without_keys(site: Environment) -> Environment:
    return site.model_copy(update={"openai_api_key": SecretStr(""), "anthropic_api_key": SecretStr("")})


@pytest.mark.parametrize("model", ["openai:gpt-5.6-luna", "anthropic:claude-haiku-5-5"])
async def test_replays_what_was_recorded_without_asking_again(
    tape: Recording, site: Environment, wire: WireServer, model: str
) -> None:
    with tape.made(site):
        recorded = await llm.run(ask(model=model))
    with tape.replayed(without_keys(site)):
        replayed = await llm.run(ask(model=model))
    assert (replayed.text, replayed.usage, replayed.upstream_id) == ("Hello there", recorded.usage, "req_1")
    assert len(wire.requests) == 1


async def test_keeps_no_key(tape: Recording, site: Environment, wire: WireServer) -> None:
    with tape.made(site):
        await llm.run(ask())
        await llm.run(ask(model="anthropic:claude-haiku-5-5"))
    assert [seen.headers["authorization"] for seen in wire.requests] == [f"Bearer {KEY}"] * 2
    kept = tape.path.read_text()
    assert KEY not in kept
    assert "authorization" not in kept.casefold()


async def test_refuses_to_keep_a_key_that_was_said(tape: Recording, site: Environment) -> None:
    async def said() -> None:
        with tape.made(site):
            await llm.run(ask(f"My key is {KEY}."))

    with pytest.raises(AssertionError, match="holds openai_api_key, anthropic_api_key; it was not kept"):
        await said()
    assert not tape.path.exists()


async def test_another_request_fails_with_the_difference(tape: Recording, site: Environment) -> None:
    with tape.made(site):
        await llm.run(ask("Good morning"))
    with pytest.raises(RecordingDiffers) as caught:
        await replay(tape, site, "Good evening")
    told = str(caught.value)
    assert '-   "content": "Good morning",' in told
    assert '+   "content": "Good evening",' in told
    assert told.endswith("If the change is meant, record it again: pytest --record test")


async def test_a_request_too_many_fails(tape: Recording, site: Environment) -> None:
    with tape.made(site):
        await llm.run(ask())
    with pytest.raises(RecordingDiffers, match="fewer times than it is asked for"):
        await replay(tape, site, "Hi", "Hi")


async def test_a_request_too_few_fails(tape: Recording, site: Environment) -> None:
    with tape.made(site):
        await llm.run(ask())
    with pytest.raises(RecordingDiffers, match="were not asked for"):
        await replay(tape, site)


async def test_a_difference_that_the_feature_swallowed_fails_at_the_end(
    tape: Recording, site: Environment
) -> None:
    with tape.made(site):
        await llm.run(ask())

    async def feature() -> None:
        with tape.replayed(site):
            for words in ("Hi", "Ho"):
                await quietly(words)

    with pytest.raises(RecordingDiffers):
        await feature()


async def test_without_a_recording_it_says_how_to_make_one(tape: Recording, site: Environment) -> None:
    with pytest.raises(RecordingMissing, match="Make it with: pytest --record test"):
        await replay(tape, site)


async def replay(tape: Recording, site: Environment, *words: str) -> Any:
    with tape.replayed(site):
        return [await llm.run(ask(said)) for said in words]


async def quietly(words: str) -> None:
    try:
        await llm.run(ask(words))
    except AssertionError:
        return
