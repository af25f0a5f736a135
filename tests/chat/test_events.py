"""The chat over HTTP alone: post a question, follow its answer as server-sent events."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from chat import events, runner
from chat.door import Pass
from chat.models import Conversation
from llm.models import ApiKey
from llm.providers.scripted import say, tool_call
from tests.chat.conftest import use_model
from tests.chat.shop import Worker

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Http:
    """A program that knows no sockets."""

    talk: Conversation
    key: str
    client: AsyncClient = field(default_factory=AsyncClient)

    @property
    def at(self) -> str:
        return f"/api/v1/conversations/{self.talk.pk}"

    async def ask(self, **more: Any) -> str:
        body = {"id": str(uuid.uuid4()), "text": "Hello", **more}
        response = await self.client.post(
            f"{self.at}/messages", body, content_type="application/json", headers=self.headers()
        )
        assert response.status_code == 202
        generation: str = response.json()["generation"]
        return generation

    async def follow(self, query: str = "", **headers: str) -> Any:
        return await self.client.get(f"{self.at}/events{query}", headers=self.headers(**headers))

    def headers(self, **more: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.key}", **named}


@pytest.fixture
async def http(talk: Conversation, alice: User) -> Http:
    _, key = await sync_to_async(lambda: ApiKey.objects.issue(user=alice, name="test"))()
    return Http(talk, key)


async def told(body: AsyncIterator[bytes]) -> list[tuple[int, dict[str, Any]]]:
    """Return the id and the frame of each event."""
    found = []
    async for event in body:
        first, second, *_ = event.decode().split("\n")
        found.append((int(first.removeprefix("id: ")), json.loads(second.removeprefix("data: "))))
    return found


def text(found: list[tuple[int, dict[str, Any]]]) -> str:
    return "".join(frame.get("text", "") for _, frame in found)


async def test_an_answer_is_followed_to_its_end(http: Http) -> None:
    use_model(say("Hi", " there", ".", pause=0.01))
    generation = await http.ask()
    response = await http.follow(f"?generation={generation}")
    assert response["Content-Type"] == "text/event-stream"
    found = await told(response)
    assert text(found) == "Hi there."
    last, end = found[-1]
    assert (end["type"], end["generation"], end["finish"]) == ("end", generation, "completed")
    assert (last, found[-2][0]) == (end["seq"], end["seq"])


async def test_one_that_has_ended_is_told_from_the_log_and_the_last_event_id_goes_before_the_query(
    http: Http,
) -> None:
    use_model(say("Hi", " there", ".", pause=0.06))
    query = f"?generation={await http.ask()}&after=0"
    await told(await http.follow(query))
    assert text(await told(await http.follow(query))) == "Hi there."
    rest = await told(await http.follow(query, Last_Event_ID="1"))
    assert (rest[0][1]["from"], text(rest)) == (2, " there.")
    only_end = await told(await http.follow(query, Last_Event_ID=str(rest[-1][0])))
    assert [frame["type"] for _, frame in only_end] == ["end"]


async def test_an_agents_steps_come_as_events_and_stand_with_its_answer(http: Http) -> None:
    generation = await http.ask(agent=True)
    following = await http.follow(f"?generation={generation}")
    await Worker(tool_call("calculate", expression="37 * 43"), "1591").work()
    found = await told(following)
    assert [number for number, _ in found] == [1, 2, 3, 4, 5, 6, 7, 7]
    assert [frame["type"] for _, frame in found] == ["step"] * 6 + ["delta", "end"]
    listed = await http.client.get(f"{http.at}/messages", headers=http.headers())
    question, answer = listed.json()["messages"]
    assert question["steps"] is None
    assert [step["tool"] for step in answer["steps"]] == [None, "calculate", None]
    assert (answer["content"], answer["generation"]) == ("1591", generation)


async def test_without_a_generation_that_runs_there_is_nothing_to_follow(http: Http) -> None:
    response = await http.follow()
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "9" * 30, "٣"])
async def test_a_wrong_last_event_id_is_refused(http: Http, wrong: str) -> None:
    use_model(say("Hi", pause=60))
    await http.ask()
    response = await http.follow(Last_Event_ID=wrong.encode().decode("latin-1"))
    assert (response.status_code, response.json()["code"]) == (422, "invalid")


async def test_silence_is_filled_with_comments_and_leaving_ends_nothing(http: Http, alice: User) -> None:
    use_model(say("Hi", pause=60))
    generation = uuid.UUID(await http.ask())
    assert await events.find(alice, http.talk.pk, None) == generation
    ticket = Pass(user=http.talk.owner_id)
    body = events.stream(ticket, http.talk.pk, generation, 0, silence=0.01)
    assert await anext(body) == events.COMMENT
    assert await anext(body) == events.COMMENT
    await body.aclose()  # type: ignore[attr-defined]
    run = runner.running(generation)
    assert run is not None
    assert not run.task.done()
