"""Agents over REST: only one's own, in the shapes of the examples, followed live."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from llm.models import AgentRun, ApiKey, Document
from llm.providers.scripted import tool_call
from tests.config.test_examples import USAGE, has_shape
from tests.live import live_server
from tests.llm.agents.scenes import drive, make_run

pytestmark = pytest.mark.django_db(transaction=True)

RUN = {
    "id": "019a...",
    "status": "completed",
    "goal": "What is 37 * 43?",
    "result": "1591",
    "iterations": 2,
    "usage": USAGE,
    "cost": "0",
    "steps": [{"seq": 1, "kind": "model", "status": "done"}],
}


@pytest.fixture
def hers(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")


def test_a_run_from_its_start_to_its_end(hers: Client) -> None:
    begun = post(hers, "/agents/runs", {"goal": "What is 37 * 43?", "tools": ["calculate"], "budget": "1.50"})
    assert begun.status_code == 202
    assert (begun.json()["status"], begun.json()["budget"]) == ("queued", "1.5")
    has_shape(begun.json(), {**RUN, "result": None})
    AgentRun.objects.update(max_cost=None)
    drive(tool_call("calculate", expression="37 * 43"), "1591")
    found = hers.get(f"/api/v1/agents/runs/{begun.json()['id']}").json()
    has_shape(found, RUN)
    assert (found["status"], found["result"]) == ("completed", "1591")
    assert found["steps"][1]["arguments"] == {"expression": "37 * 43"}
    assert [run["id"] for run in hers.get("/api/v1/agents/runs").json()["runs"]] == [found["id"]]


@pytest.mark.parametrize(
    "body",
    [
        {"goal": ""},
        {"goal": "x", "tools": ["rm"]},
        {"goal": "x", "max_iterations": 0},
        {"goal": "x", "budget": "-1"},
        {"goal": "x", "else": 1},
        {"goal": "x", "model": "nobody-knows-this"},
    ],
)
def test_a_wrong_order_is_refused(hers: Client, body: dict[str, Any]) -> None:
    assert post(hers, "/agents/runs", body).status_code == 422
    assert not AgentRun.objects.exists()


def test_nobody_sees_or_steers_the_runs_of_others(hers: Client, bob: User) -> None:
    run = make_run(bob)
    path = f"/agents/runs/{run.pk}"
    assert hers.get(f"/api/v1{path}").status_code == 404
    assert hers.get(f"/api/v1{path}/events").status_code == 404
    assert post(hers, f"{path}/cancel", {}).status_code == 404
    assert post(hers, f"{path}/approve", {"step": 1, "approved": True}).status_code == 404
    assert hers.get("/api/v1/agents/runs").json()["runs"] == []


def test_stop_and_decide(hers: Client, alice: User) -> None:
    run = make_run(alice)
    assert post(hers, f"/agents/runs/{run.pk}/approve", {"step": 1, "approved": True}).status_code == 409
    assert post(hers, f"/agents/runs/{run.pk}/cancel", {}).json()["status"] == "cancelled"


def test_the_tools(hers: Client) -> None:
    tools = hers.get("/api/v1/agents/tools").json()["tools"]
    assert [tool["name"] for tool in tools] == ["calculate", "search", "fetch_url", "complete"]
    assert {tool["crash"] for tool in tools} == {"pure"}


def test_documents_are_added_listed_and_deleted(hers: Client, bob: User) -> None:
    added = post(hers, "/documents", {"title": "Handbook", "text": "Lunch is at noon."})
    assert added.status_code == 201
    file = SimpleUploadedFile("notes.md", "\ufeffTea is at four.".encode())
    assert hers.post("/api/v1/documents/file", {"file": file}).json()["title"] == "notes.md"
    binary = SimpleUploadedFile("a.bin", b"\xff\xfe\x00")
    assert hers.post("/api/v1/documents/file", {"file": binary}).status_code == 422
    his = Document.objects.store(bob, "His", "Secret.")
    listed = hers.get("/api/v1/documents").json()["documents"]
    assert [one["title"] for one in listed] == ["notes.md", "Handbook"]
    assert hers.delete(f"/api/v1/documents/{his.pk}").status_code == 404
    assert hers.delete(f"/api/v1/documents/{added.json()['id']}").status_code == 204
    assert Document.objects.count() == 2


@pytest.fixture
def site() -> Iterator[str]:
    with live_server() as site:
        yield site


def events(lines: Iterator[str]) -> Iterator[tuple[str, int, Any]]:
    """Yield event, id and data of each event of a stream."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            found[name] = value
        elif "event" in found:
            yield found["event"], int(found["id"]), json.loads(found["data"])
            found = {}


def test_a_run_is_followed_and_taken_up_again(site: str, alice: User) -> None:
    _, key = ApiKey.objects.issue(user=alice, name="tests")
    run = make_run(alice)
    drive_later(run.pk)
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{site}/api/v1/agents/runs/{run.pk}/events"
    with httpx2.stream("GET", url, headers=headers, timeout=30) as stream:
        seen = list(events(stream.iter_lines()))
    steps = [(number, data["kind"], data["status"]) for name, number, data in seen if name == "step"]
    assert steps == [(1, "model", "running"), (2, "model", "done")]
    assert (seen[-1][0], seen[-1][2]["status"], seen[-1][2]["result"]) == ("run", "completed", "Hello.")
    again = {**headers, "Last-Event-ID": "1"}
    with httpx2.stream("GET", url, headers=again, timeout=30) as stream:
        rest = list(events(stream.iter_lines()))
    assert [(name, number) for name, number, _ in rest] == [("step", 2), ("run", 2)]


def drive_later(run: uuid.UUID) -> None:
    """End the run by what another process would write."""
    from django.utils import timezone

    from llm.agents import journal
    from llm.agents.state import Record

    spent = {"usage": {}, "cost": "0"}
    answer = {
        "text": "Hello.",
        "calls": [],
        "final": False,
        "why": "",
        "finish": "stop",
        "model": "m",
        **spent,
    }
    (row,) = AgentRun.objects.claim(1)
    records = [
        Record(seq=1, step=1, kind="model", status="started", data={}, at=timezone.now()),
        Record(seq=2, step=1, kind="model", status="done", data=answer | spent, at=timezone.now()),
    ]
    changes = {"status": "completed", "result": "Hello.", "leased_until": None}
    journal.store([journal.Entry(run=run, epoch=row.epoch, records=records, changes=changes)])
