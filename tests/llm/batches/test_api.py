"""POST /batches and what follows it."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from llm.models import ApiKey, Batch
from tests.config.calling import SENTIMENT, Call, problem
from tests.config.test_examples import PROBLEM, USAGE, has_shape
from tests.llm.batches.conftest import aworked, count
from tests.wire import WireServer, text

pytestmark = pytest.mark.django_db(transaction=True)

QUEUED = {"id": "019a...", "status": "queued", "total": 2, "done": 0, "failed": 0}
ITEMS = [{"index": 0, "status": "done", "data": {}}]
BATCH = {**QUEUED, "usage": USAGE, "cost": "0", "items": ITEMS}


async def started(api: Call, *texts: str, **more: Any) -> dict[str, Any]:
    reply = await api("POST", "/batches", {"schema": "sentiment", "items": list(texts), **more})
    assert reply.status_code == 202, reply.content
    made: dict[str, Any] = reply.json()
    return made


async def test_the_example(api: Call, model: WireServer) -> None:
    model.script(text(SENTIMENT), text("No."), text("No."))
    made = await started(api, "I love it!", "Hm.", concurrency=1, timeout=60)
    has_shape(made, QUEUED)
    assert (made["status"], made["total"], made["done"]) == ("queued", 2, 0)
    await aworked(made["id"])
    found = (await api("GET", f"/batches/{made['id']}")).json()
    good, bad = found["items"]
    has_shape({**found, "items": [good]}, BATCH)
    assert (found["status"], found["done"], found["failed"], found["next"]) == ("completed", 2, 1, None)
    assert (good["status"], good["data"]) == ("done", json.loads(SENTIMENT))
    assert (bad["index"], bad["status"], bad["problem"]["code"]) == (1, "failed", "bad_output")
    has_shape(bad["problem"], PROBLEM)
    assert found["usage"]["input_tokens"] == 33
    assert found["cost"] is None  # the scripted host has no price


async def test_items_come_in_pages_and_by_status(api: Call, model: WireServer) -> None:
    made = await started(api, *"abcde")
    address = f"/batches/{made['id']}"
    first = (await api("GET", f"{address}?limit=2")).json()
    assert ([item["index"] for item in first["items"]], first["next"]) == ([0, 1], 1)
    rest = (await api("GET", f"{address}?limit=3&after={first['next']}")).json()
    assert ([item["index"] for item in rest["items"]], rest["next"]) == ([2, 3, 4], None)
    assert (await api("GET", f"{address}?status=failed")).json()["items"] == []
    assert first["items"][0] == {"index": 0, "status": "queued"}


async def test_a_batch_is_cancelled(api: Call, model: WireServer) -> None:
    made = await started(api, "a", "b")
    found = (await api("DELETE", f"/batches/{made['id']}")).json()
    assert found["status"] == "cancelled"
    assert {item["status"] for item in found["items"]} == {"cancelled"}
    again = await api("DELETE", f"/batches/{made['id']}")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    await aworked(made["id"])
    assert model.requests == []


async def test_what_failed_is_tried_again(api: Call, model: WireServer) -> None:
    model.script(text("No."), text("No.")).always(text(SENTIMENT))
    made = await started(api, "a", "b", concurrency=1)
    problem(await api("POST", f"/batches/{made['id']}/retry"), 409, "conflict")
    await aworked(made["id"])
    again = await api("POST", f"/batches/{made['id']}/retry")
    assert (again.status_code, again.json()["done"], again.json()["failed"]) == (202, 1, 0)
    await aworked(made["id"])
    found = (await api("GET", f"/batches/{made['id']}")).json()
    assert (found["status"], found["done"], found["failed"]) == ("completed", 2, 0)
    assert len(model.requests) == 4
    problem(await api("POST", f"/batches/{made['id']}/retry"), 409, "conflict")


async def test_batches_are_listed_the_newest_first(api: Call, model: WireServer) -> None:
    ids = [(await started(api, "a"))["id"] for _ in range(3)]
    page = (await api("GET", "/batches?limit=2")).json()
    assert [batch["id"] for batch in page["batches"]] == [ids[2], ids[1]]
    rest = (await api("GET", f"/batches?before={page['next']}")).json()
    assert ([batch["id"] for batch in rest["batches"]], rest["next"]) == ([ids[0]], None)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"items": ["a"]}, "/schema"),
        ({"schema": "sentiment"}, "/items"),
        ({"schema": "sentiment", "items": []}, "/items"),
        ({"schema": "sentiment", "items": ["a", 3]}, "/items/1"),
        ({"schema": "sentiment", "items": ["a", " "]}, "/items/1"),
        ({"schema": "sentiment", "items": ["a", "b\0"]}, "/items/1"),
        ({"schema": "sentiment", "items": ["a", "b", "c" * 200_001]}, "/items/2"),
        ({"schema": "sentiment", "items": ["a"], "concurrency": 0}, "/concurrency"),
        ({"schema": "sentiment", "items": ["a"], "concurrency": 65}, "/concurrency"),
        ({"schema": "sentiment", "items": ["a"], "timeout": 0}, "/timeout"),
        ({"schema": "sentiment", "items": ["a"], "timeout": 601}, "/timeout"),
        ({"schema": "sentiment", "items": ["a"], "speed": 1}, "/speed"),
    ],
)
async def test_a_wrong_order_says_where_and_leaves_nothing(
    api: Call, prompts: None, body: Any, place: str
) -> None:
    found = problem(await api("POST", "/batches", body), 422, "invalid")
    assert [error["pointer"] for error in found["errors"]] == [place]
    assert await count() == 0


async def test_an_unknown_schema_is_told_with_those_that_there_are(api: Call, prompts: None) -> None:
    found = problem(await api("POST", "/batches", {"schema": "mood", "items": ["a"]}), 404, "not_found")
    assert "sentiment" in found["detail"]


async def test_too_many_texts_are_refused(api: Call, prompts: None) -> None:
    body = {"schema": "sentiment", "items": ["a"] * 10_001}
    assert "10,000" in problem(await api("POST", "/batches", body), 422, "invalid")["detail"]
    assert await count() == 0


@pytest.mark.parametrize(
    ("method", "rest"),
    [("GET", ""), ("DELETE", ""), ("POST", "/retry"), ("GET", "/results.csv"), ("GET", "/results.jsonl")],
)
async def test_a_batch_is_its_owners(
    api: Call, stranger: Call, model: WireServer, bob: User, carol: User, method: str, rest: str
) -> None:
    made = await started(api, "a")
    for other in (bob, carol):
        key = (await _key(other))[1]
        seen = await stranger(
            method, f"/batches/{made['id']}{rest}", headers={"Authorization": f"Bearer {key}"}
        )
        problem(seen, 404, "not_found")
    problem(await stranger(method, f"/batches/{made['id']}{rest}"), 401, "unauthenticated")
    assert await count(status="queued") == 1


async def test_the_list_holds_ones_own_alone(api: Call, stranger: Call, model: WireServer, bob: User) -> None:
    await started(api, "a")
    headers = {"Authorization": f"Bearer {(await _key(bob))[1]}"}
    assert (await stranger("GET", "/batches", headers=headers)).json()["batches"] == []


async def test_a_file_is_uploaded_and_its_results_come_back(api: Call, key: str, model: WireServer) -> None:
    model.always(text(SENTIMENT))
    reply = await _upload(key, b"id,review\n7,Good\n8,=cmd()\n", schema="sentiment", column="review")
    assert reply.status_code == 202, reply.content
    made = reply.json()
    assert (made["total"], made["title"]) == (2, "reviews.csv")
    await aworked(made["id"])
    table = await _content(await api("GET", f"/batches/{made['id']}/results.csv"))
    assert table.splitlines() == [
        "\ufeffid,review,status,sentiment,confidence,reasoning,error",
        "7,Good,done,positive,0.92,Praise.,",
        "8,'=cmd(),done,positive,0.92,Praise.,",
    ]
    lines = (await _content(await api("GET", f"/batches/{made['id']}/results.jsonl"))).splitlines()
    assert json.loads(lines[1])["input"] == {"id": "8", "review": "=cmd()"}
    assert json.loads(lines[1])["data"] == json.loads(SENTIMENT)


async def test_a_broken_file_names_the_line(key: str, prompts: None) -> None:
    reply = await _upload(key, b'id,text\n1,a\n2,"b\n', schema="sentiment")
    assert problem(reply, 422, "invalid")["detail"].startswith("Line 3: ")
    assert await count() == 0


async def test_the_keeper_of_a_key_is_charged(api: Call, model: WireServer, alice: User) -> None:
    made = await started(api, "a")
    batch = await Batch.objects.select_related("key").aget(pk=made["id"])
    assert (batch.user_id, batch.key and batch.key.name) == (alice.pk, "tests")


async def _key(user: User) -> tuple[ApiKey, str]:
    from asgiref.sync import sync_to_async

    return await sync_to_async(ApiKey.objects.issue)(user=user, name="theirs")


async def _upload(key: str, content: bytes, **fields: str) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("reviews.csv", content, content_type="text/csv")
    return await AsyncClient(raise_request_exception=False).post(
        "/api/v1/batches/upload", {"file": file, **fields}, headers={"Authorization": f"Bearer {key}"}
    )


async def _content(response: Any) -> str:
    assert response.status_code == 200
    return b"".join([part async for part in response.streaming_content]).decode()
