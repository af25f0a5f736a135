"""Prompts for other programs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncClient, override_settings
from django.urls import path
from ninja import NinjaAPI

from config.auth import SessionAuth
from prompts import service
from prompts.api import router
from prompts.errors import PromptError
from prompts.models import Prompt, PromptMove
from prompts.rendering import Variable
from tests.prompts.factories import activate, content, make_prompt, publisher, staff

api = NinjaAPI(urls_namespace="prompts-alone", auth=SessionAuth())
api.add_router("/prompts", router)
urlpatterns = [path("", api.urls)]

pytestmark = pytest.mark.django_db(transaction=True)

TONE = Variable(name="tone", required=False, default="friendly", sample="dry")
TONE_OUT = {"name": "tone", "type": "string", "required": False, "default": "friendly", "sample": "dry"}


@api.exception_handler(PromptError)
def _problem(request: Any, error: PromptError) -> HttpResponse:
    body = {"code": error.code, "detail": error.sentence, "errors": error.errors}
    return api.create_response(request, body, status=error.status)


@pytest.fixture(autouse=True)
def _mounted() -> Iterator[None]:
    """The router by itself: who may call and how problems look is the site's."""
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture(autouse=True)
def _greeting(alice: User) -> None:
    prompt = make_prompt(content("Be {{ tone }}.", variables=(TONE,), temperature=0.5), "Two.", author=alice)
    service.move_label(prompt, "staging", prompt.versions.get(number=2), who=None)


@pytest.fixture(autouse=True)
def _vera(async_client: AsyncClient, _greeting: None) -> None:
    """Who calls may look at prompts, unless a test says otherwise."""
    async_client.force_login(staff("vera", "view_prompt"))


async def test_lists_prompts(async_client: AsyncClient) -> None:
    response = await async_client.get("/prompts")
    assert response.json() == {
        "prompts": [
            {
                "slug": "greeting",
                "title": "Greeting",
                "description": "",
                "variables": [TONE_OUT],
                "labels": {"production": 1, "staging": 2},
                "newest": 2,
            }
        ]
    }


async def test_gets_the_production_version(async_client: AsyncClient) -> None:
    body = (await async_client.get("/prompts/greeting")).json()
    assert body.pop("created_at")
    assert body == {
        "slug": "greeting",
        "version": 1,
        "messages": [{"role": "system", "content": "Be {{ tone }}."}],
        "variables": [TONE_OUT],
        "model": None,
        "parameters": {"temperature": 0.5},
        "cache_ttl": None,
        "on_disconnect": "finish",
        "on_stop": "stop",
        "output_schema": None,
        "note": "",
    }


async def test_tells_how_answers_are_kept_and_stopped(async_client: AsyncClient) -> None:
    handling: Any = {"cache_ttl": 0, "on_disconnect": "stop", "on_stop": "drain"}
    schema = '{"type": "object", "properties": {"why": {}, "answer": {}}}'
    given = replace(content("x"), output_schema=schema, **handling)
    await sync_to_async(make_prompt)(given, slug="other")
    body = (await async_client.get("/prompts/other")).json()
    assert {name: body[name] for name in handling} == handling
    assert json.dumps(body["output_schema"]) == schema


@pytest.mark.parametrize("query", ["label=staging", "version=2", "version=2&label=production"])
async def test_gets_another(async_client: AsyncClient, query: str) -> None:
    assert (await async_client.get(f"/prompts/greeting?{query}")).json()["version"] == 2


async def test_an_etag_saves_the_body_until_the_label_moves(async_client: AsyncClient) -> None:
    first = await async_client.get("/prompts/greeting")
    etag = first.headers["ETag"]
    again = await async_client.get("/prompts/greeting", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    await sync_to_async(activate)(await Prompt.objects.aget(), 2)
    moved = await async_client.get("/prompts/greeting", headers={"If-None-Match": etag})
    assert (moved.status_code, moved.json()["version"]) == (200, 2)


async def test_renders(async_client: AsyncClient) -> None:
    response = await async_client.post(
        "/prompts/greeting/render", {"variables": {"tone": "dry"}}, content_type="application/json"
    )
    assert response.json() == {
        "slug": "greeting",
        "version": 1,
        "messages": [{"role": "system", "content": "Be dry."}],
    }


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"variables": {"mood": "dry"}}, 422, "/variables/mood"),
        ({"variables": {"tone": 5}}, 422, "/variables/tone"),
        ({"label": "nothing"}, 404, None),
        ({"version": 9}, 404, None),
    ],
)
async def test_says_what_is_wrong(
    async_client: AsyncClient, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    response = await async_client.post("/prompts/greeting/render", body, content_type="application/json")
    assert response.status_code == status
    assert [error["pointer"] for error in response.json()["errors"]] == ([pointer] if pointer else [])


async def test_an_unknown_prompt_is_not_found(async_client: AsyncClient) -> None:
    response = await async_client.get("/prompts/nobody")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", ["version=2", "label=staging"])
async def test_a_draft_is_for_who_may_look_at_prompts(
    async_client: AsyncClient, bob: User, query: str
) -> None:
    await async_client.aforce_login(bob)
    assert (await async_client.get("/prompts/greeting")).status_code == 200
    response = await async_client.get(f"/prompts/greeting?{query}")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    name, _, value = query.partition("=")
    sent = {name: int(value) if name == "version" else value}
    response = await async_client.post("/prompts/greeting/render", sent, content_type="application/json")
    assert response.status_code == 403


async def move(client: AsyncClient, name: str = "production", **body: Any) -> Any:
    return await client.post(f"/prompts/greeting/labels/{name}", body, content_type="application/json")


async def roll_back(client: AsyncClient) -> Any:
    address = "/prompts/greeting/labels/production/rollback"
    return await client.post(address, {"why": "worse"}, content_type="application/json")


async def test_a_publisher_moves_production_and_back(async_client: AsyncClient) -> None:
    await async_client.aforce_login(await sync_to_async(publisher)())
    moved = await move(async_client, version=2, why="better", expected=1)
    assert (moved.status_code, moved.json()["version"]) == (200, 2)
    assert (await move(async_client, version=1, expected=1)).status_code == 409
    assert (await roll_back(async_client)).json()["version"] == 1
    rows = PromptMove.objects.filter(label="production").select_related("from_version", "to_version")[:2]
    moves = [(str(row), row.why) async for row in rows]
    assert moves == [("production from 2 to 1", "worse"), ("production from 1 to 2", "better")]


async def test_an_editor_moves_other_labels_alone(async_client: AsyncClient) -> None:
    await async_client.aforce_login(await sync_to_async(staff)("erin", "view_prompt", "change_prompt"))
    refused = await move(async_client, version=2)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await roll_back(async_client)).status_code == 403
    assert (await move(async_client, "staging", version=1)).json()["version"] == 1


async def test_a_stranger_moves_nothing(async_client: AsyncClient, bob: User) -> None:
    await async_client.aforce_login(bob)
    assert (await move(async_client, "staging", version=1)).status_code == 403
    await async_client.alogout()
    assert (await move(async_client, "staging", version=1)).status_code == 401
    assert (await async_client.get("/prompts/greeting")).status_code == 401


async def test_where_a_second_person_must_agree_a_move_is_proposed(
    async_client: AsyncClient, needs_approval: None
) -> None:
    await async_client.aforce_login(await sync_to_async(publisher)())
    moved = await move(async_client, version=2)
    assert (moved.status_code, moved.json()["version"]) == (202, 1)
    assert moved.json()["proposal"]
