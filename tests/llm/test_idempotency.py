"""Idempotency-Key: done once, paid once, answered alike, in one process. Several: tests/services."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import AsyncClient, Client
from django.utils import timezone

from llm.idempotency import REPLAYED
from llm.models import AgentRun, ApiKey, Batch, Call, KeptAnswer
from prompts.models import Prompt
from tests.config.calling import SENTIMENT, api, key, model, problem, prompts, stranger
from tests.config.calling import Call as Api
from tests.wire import WireServer, status, text, wire

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)

EXTRACT = {"text": "I love it", "cache": False}
CHAT = {"model": "parley", "messages": [{"role": "user", "content": "Hello"}]}
NAMED = {"Idempotency-Key": "one", "Cache-Control": "no-store"}


class Gateway:
    """A program that speaks OpenAI's API."""

    def __init__(self, key: str) -> None:
        self.headers = {"Authorization": f"Bearer {key}"}

    async def ask(self, headers: dict[str, str], **more: Any) -> Any:
        return await AsyncClient().post(
            "/v1/chat/completions",
            json.dumps({**CHAT, **more}),
            content_type="application/json",
            headers={**self.headers, **headers},
        )


@pytest.fixture
def gateway(key: str) -> Gateway:
    return Gateway(key)


async def read(response: Any) -> bytes:
    if response.streaming:
        return b"".join([part async for part in response])
    body: bytes = response.content
    return body


async def test_ten_equal_extractions_at_once_are_one_call_one_charge_and_one_answer(
    api: Api, model: WireServer
) -> None:
    model.script(text(SENTIMENT))
    answers = await asyncio.gather(
        *(api("POST", "/extract/sentiment", EXTRACT, headers=NAMED) for _ in range(10))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert len(model.requests) == await Call.objects.acount() == 1
    later = await api("POST", "/extract/sentiment", EXTRACT, headers=NAMED)
    assert (later.content, later[REPLAYED]) == (answers[0].content, "true")
    assert (await api("POST", "/extract/sentiment", EXTRACT, headers=NAMED))["Content-Type"] == answers[0][
        "Content-Type"
    ]


async def test_without_a_key_each_is_a_call_of_its_own(api: Api, model: WireServer) -> None:
    model.always(text(SENTIMENT))
    for _ in range(2):
        await api("POST", "/extract/sentiment", EXTRACT)
    assert len(model.requests) == 2
    assert not await KeptAnswer.objects.aexists()


async def test_the_same_key_with_another_body_or_address_is_a_conflict(
    api: Api, gateway: Gateway, model: WireServer
) -> None:
    model.script(text(SENTIMENT))
    await api("POST", "/extract/sentiment", EXTRACT, headers=NAMED)
    problem(
        await api("POST", "/extract/sentiment", {**EXTRACT, "text": "No"}, headers=NAMED), 409, "conflict"
    )
    problem(await api("POST", "/extract/contact", EXTRACT, headers=NAMED), 409, "conflict")
    told = await gateway.ask(NAMED)
    assert (told.status_code, told.json()["error"]["code"]) == (409, "conflict")
    assert len(model.requests) == 1


@pytest.mark.parametrize("wrong", ["", "with space", "x" * 256, "é"])
async def test_what_cannot_be_a_key_is_refused(api: Api, gateway: Gateway, wrong: str) -> None:
    named = {"Idempotency-Key": wrong}
    problem(await api("POST", "/extract/sentiment", EXTRACT, headers=named), 422, "invalid")
    assert (await gateway.ask(named)).json()["error"]["code"] == "invalid"


async def test_a_key_belongs_to_its_caller(api: Api, bob: User, model: WireServer) -> None:
    model.always(text(SENTIMENT))
    await api("POST", "/extract/sentiment", EXTRACT, headers=NAMED)
    _, his = await sync_to_async(lambda: ApiKey.objects.issue(user=bob, name="his"))()
    for whose, expected in ((his, 200), ("parley_none", 401)):
        named = {**NAMED, "Authorization": f"Bearer {whose}"}
        answer = await api("POST", "/extract/sentiment", {**EXTRACT, "text": "No"}, headers=named)
        assert answer.status_code == expected


async def test_after_a_failure_that_passes_the_same_key_tries_again(
    gateway: Gateway, model: WireServer
) -> None:
    model.script(status(401), text("Hi."))
    assert (await gateway.ask(NAMED)).status_code == 503
    assert (await gateway.ask(NAMED)).status_code == 200
    assert (await gateway.ask(NAMED))[REPLAYED] == "true"
    assert len(model.requests) == 2


async def test_a_failure_that_stays_is_kept(gateway: Gateway, model: WireServer) -> None:
    model.script(status(400, message="no"))
    answers = [await gateway.ask(NAMED) for _ in range(2)]
    assert {(one.status_code, one.content) for one in answers} == {(422, answers[0].content)}
    assert len(model.requests) == 1


async def test_a_streamed_answer_is_replayed_to_the_byte(gateway: Gateway, model: WireServer) -> None:
    gate = model.gate()
    model.script(text("Hel", "lo", gate=gate))
    asking = asyncio.create_task(gateway.ask(NAMED, stream=True))
    gate.let(1)
    first = await asking
    second = asyncio.create_task(gateway.ask(NAMED, stream=True))
    gate.open()
    whole = await read(first)
    assert b"Hel" in whole
    assert whole.endswith(b"data: [DONE]\n\n")
    for later in (await second, await gateway.ask(NAMED, stream=True)):
        assert await read(later) == whole
        assert later["Content-Type"] == "text/event-stream"
        assert later["x-request-id"] == first["x-request-id"]
    assert len(model.requests) == await Call.objects.acount() == 1


async def test_a_client_that_leaves_ends_nothing_and_finds_the_answer_when_it_comes_back(
    gateway: Gateway, model: WireServer
) -> None:
    gate = model.gate()
    model.script(text("Hel", "lo", gate=gate))
    leaving = asyncio.create_task(gateway.ask(NAMED))
    await model.until(lambda: bool(model.requests))
    leaving.cancel()
    await asyncio.wait([leaving])
    back = asyncio.create_task(gateway.ask(NAMED))
    gate.open()
    assert (await back).json()["choices"][0]["message"]["content"] == "Hello"
    assert not model.requests[0].closed
    assert len(model.requests) == await Call.objects.acount() == 1


async def test_a_stream_that_broke_is_asked_anew(gateway: Gateway, model: WireServer) -> None:
    model.script(text("Hel", ending="cut"), text("Hello"))
    assert b'data: {"error"' in await read(await gateway.ask(NAMED, stream=True))
    again = await read(await gateway.ask(NAMED, stream=True))
    assert b"Hello" in again
    assert b"error" not in again


async def test_a_batch_is_queued_once(api: Api, model: WireServer) -> None:
    body = {"schema": "sentiment", "items": ["I love it"]}
    first, second = [await api("POST", "/batches", body, headers=NAMED) for _ in range(2)]
    assert (first.status_code, first.content) == (202, second.content)
    assert await Batch.objects.acount() == 1


async def test_a_file_is_taken_once_whatever_its_boundary(key: str, model: WireServer) -> None:
    for boundary in ("one", "two"):
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="schema"\r\n\r\nsentiment\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
            f"Content-Type: text/csv\r\n\r\ntext\r\nI love it\r\n--{boundary}--\r\n"
        )
        said = await AsyncClient().generic(
            "POST", "/api/v1/batches/upload", body, content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Authorization": f"Bearer {key}", **NAMED},
        )  # fmt: skip
        assert said.status_code == 202, said.content
    assert await Batch.objects.acount() == 1


async def test_a_run_of_an_agent_is_started_once(api: Api, model: WireServer) -> None:
    body = {"goal": "What is 37 * 43?"}
    first, second = [await api("POST", "/agents/runs", body, headers=NAMED) for _ in range(2)]
    assert (first.status_code, first.content) == (202, second.content)
    problem(await api("POST", "/agents/runs", {"goal": "And 2?"}, headers=NAMED), 409, "conflict")
    assert await AgentRun.objects.acount() == 1


async def test_a_streamed_extraction_is_replayed(api: Api, model: WireServer) -> None:
    model.script(text(SENTIMENT))
    told = [
        await read(await api("POST", "/extract/sentiment/stream", EXTRACT, headers=NAMED)) for _ in range(2)
    ]
    assert told[0] == told[1]
    assert b"event: result" in told[0]
    assert len(model.requests) == 1


def test_a_trial_in_the_playground_is_paid_once(carol: User, model: WireServer) -> None:
    model.script(text("Hi."))
    page, prompt = Client(), Prompt.objects.get(slug="assistant")
    page.force_login(carol)
    told = [
        page.post(
            f"/admin/prompts/prompt/{prompt.pk}/play/",
            {"side": "1", "said": said},
            headers={"Idempotency-Key": "one"},
        )
        for said in ("Hello", "Hello", "Another")
    ]
    bodies = [async_to_sync(read)(one) for one in told]
    assert b"Hi." in bodies[0]
    assert bodies[0] == bodies[1]
    assert [one.status_code for one in told] == [200, 200, 409]
    assert len(model.requests) == 1


def test_answers_are_kept_for_a_day(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    for hours in (23, 25):
        KeptAnswer.objects.create(
            user=alice, caller="user:1", key=str(hours), created_at=timezone.now() - timedelta(hours=hours)
        )
    call_command("purge")
    assert [row.key for row in KeptAnswer.objects.all()] == ["23"]


def test_every_endpoint_that_costs_money_heeds_the_key() -> None:
    from config.api import api

    schema: Any = api.get_openapi_schema()
    heeded = {
        path.removeprefix("/api/v1")
        for path, operations in schema["paths"].items()
        for parameter in operations.get("post", {}).get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    free = {
        path.removeprefix("/api/v1") for path, operations in schema["paths"].items() if "post" in operations
    } - heeded
    assert free == {
        "/agents/runs/{pk}/approve",
        "/agents/runs/{pk}/cancel",
        "/conversations",
        "/documents",
        "/documents/file",
        "/prompts/{slug}/render",
        "/prompts/{slug}/labels/{name}",
        "/prompts/{slug}/labels/{name}/rollback",
    }
