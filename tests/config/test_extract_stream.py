"""POST /extract/{name}/stream: what was shown is never taken back; the end is a result or a problem."""

import json
from typing import Any

import pytest

from tests.config.calling import SENTIMENT, Call, api, key, model, problem, prompts, stranger, wire
from tests.wire import WireServer, cut_after, refusal, text

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)

STREAM = "/extract/sentiment/stream"


async def events(response: Any) -> list[tuple[str, Any]]:
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    whole = b"".join([part async for part in response.streaming_content]).decode()
    found = []
    for block in whole.split("\n\n")[:-1]:
        kind, data = block.split("\n")
        found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_partial_values_then_the_reply(api: Call, model: WireServer) -> None:
    gate = model.gate()
    model.script(text(SENTIMENT[:20], SENTIMENT[20:], gate=gate))
    response = await api("POST", STREAM, {"text": "I love it."})
    gate.open()
    *partials, (last, result) = await events(response)
    assert {kind for kind, _ in partials} == {"partial"}
    assert partials[-1][1]["data"] == json.loads(SENTIMENT)
    assert last == "result"
    assert result.keys() == (
        {"data", "attempts", "repairs", "cached", "model", "usage", "cost", "prompt_version", "request_id"}
        | {"quotes"}
    )
    assert result["data"] == json.loads(SENTIMENT)


async def test_a_kept_reply_is_shown_too(api: Call, model: WireServer) -> None:
    model.script(text(SENTIMENT))
    for cached in (False, True):
        *partials, (_, result) = await events(await api("POST", STREAM, {"text": "I love it."}))
        assert partials
        assert result["cached"] is cached


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(), "refused"),
        (text("no"), "bad_output"),
        (cut_after(SENTIMENT[:30]), "unavailable"),
    ],
)
async def test_a_failure_is_the_last_event(api: Call, model: WireServer, answer: Any, code: str) -> None:
    model.always(answer)
    *_, (kind, told) = await events(await api("POST", STREAM, {"text": "a", "max_attempts": 1}))
    assert (kind, told["code"]) == ("error", code)
    assert (told["attempts"], told["usage"].keys() >= {"input_tokens"}) == (1, True)


async def test_what_can_be_refused_at_once_is_a_problem(api: Call, model: WireServer, stranger: Call) -> None:
    problem(await api("POST", "/extract/nope/stream", {"text": "a"}), 404, "not_found")
    problem(await api("POST", STREAM, {"text": ""}), 422, "invalid")
    problem(await stranger("POST", STREAM, {"text": "a"}), 401, "unauthenticated")


async def test_a_reader_that_leaves_ends_the_call(api: Call, model: WireServer) -> None:
    gate = model.gate()
    model.script(text(SENTIMENT[:20], SENTIMENT[20:], gate=gate))
    response = await api("POST", STREAM, {"text": "I love it."})
    await model.until(lambda: len(model.requests) == 1)
    response.close()
    await model.until(lambda: model.connections == 0)
