"""Idempotency-Key in several processes, and when the one that does the work dies."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.services.chat_site import SOON, Site, Web
from tests.services.people import Program
from tests.wire import text

DATA = {"sentiment": "positive", "confidence": 0.92, "reasoning": "Praise."}
CHAT = {"model": "parley", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
EXTRACT = {"text": "I love it"}
LEASE = {"lease": 3.0}  # seconds after which a dead process's work is taken over


@pytest.fixture
def webs(chat: Site) -> Iterator[list[Web]]:
    webs = chat.begin(LEASE, LEASE)
    yield webs
    chat.end(*webs)


async def post(alice: Program, web: Web, path: str, body: dict[str, Any], key: str) -> tuple[int, bytes]:
    """Return status and body; (0, b"") when the process died."""
    headers = {**alice.headers, "Idempotency-Key": key}
    url = f"http://127.0.0.1:{web.port}{path}"
    timeout = aiohttp.ClientTimeout(total=2 * SOON)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as http,
            http.post(url, json=body) as response,
        ):
            return response.status, await response.read()
    except aiohttp.ClientError:
        return 0, b""


async def test_ten_equal_requests_at_once_in_two_processes_are_one_call_one_charge_and_one_answer(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    asked, key = len(chat.wire.requests), str(uuid.uuid4())
    booked = await alice.booked(webs[0].port, "extract")
    chat.wire.script(text(json.dumps(DATA)))
    answers = await asyncio.gather(
        *(post(alice, web, "/api/v1/extract/sentiment", EXTRACT, key) for web in webs * 5)
    )
    assert len(set(answers)) == 1
    status, body = answers[0]
    assert (status, json.loads(body)["data"]) == (200, DATA)
    assert len(chat.wire.requests) == asked + 1
    assert await alice.booked(webs[0].port, "extract") == booked + 1


async def test_a_key_whose_process_was_killed_is_taken_over_and_its_stream_is_the_same_for_all(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    doomed, other = webs
    asked, key = len(chat.wire.requests), str(uuid.uuid4())
    gate = chat.wire.gate()
    chat.wire.script(text("Never ", "whole", gate=gate), text("Hello ", "again"))
    first = [asyncio.create_task(post(alice, doomed, "/v1/chat/completions", CHAT, key)) for _ in range(2)]
    await chat.wire.until(lambda: len(chat.wire.requests) > asked)
    gate.let(1)
    waiting = [asyncio.create_task(post(alice, other, "/v1/chat/completions", CHAT, key)) for _ in range(5)]
    await asyncio.sleep(0.2)  # they wait for the one that works
    doomed.kill()
    assert {status for status, _ in await asyncio.gather(*first)} <= {0, 200}
    answers = await asyncio.gather(*waiting)
    assert len(set(answers)) == 1
    status, body = answers[0]
    assert status == 200
    assert b"Hello " in body
    assert body.endswith(b"data: [DONE]\n\n")
    assert await post(alice, other, "/v1/chat/completions", CHAT, key) == answers[0]
    assert len(chat.wire.requests) == asked + 2
