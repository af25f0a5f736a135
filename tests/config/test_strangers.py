"""Another person's ids: every address of the site answers to them as to ids of nothing.

Whoever adds an address with an id finds it here: `OWNED` says how to make one that is somebody's, `SHARED`
that it names what belongs to the site. Ids in queries and bodies stand in `BESIDE`.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from config.api import api
from llm.models import AgentRun, ApiKey, Document
from tests.chat.threads import add_answer, make_conversation
from tests.llm.batches.conftest import make_batch
from tests.llm.factories import make_call

pytestmark = pytest.mark.django_db(transaction=True)

type Ids = dict[str, str]

NOWHERE = str(uuid.UUID(int=7 << 76))
CHANGES = ("POST", "PATCH", "PUT", "DELETE")


def conversation_of(user: User) -> Ids:
    """An answer that is being written, by an agent that asks whether it may go on."""
    conversation = make_conversation(user, "Hello", title="Private")
    run = AgentRun.objects.create(user=user, goal="Private", status="awaiting_approval")
    answer = add_answer(conversation, "Hi", status="streaming", flushes=("Hi",), run=run)
    ids = {"pk": conversation.pk, "message": answer.pk, "generation": answer.generation.pk, "step": 1}
    return {name: str(value) for name, value in ids.items()}


def batch_of(user: User) -> Ids:
    return {"batch_id": str(make_batch(user, "I love it").pk), "kind": "jsonl"}


def call_of(user: User) -> Ids:
    return {"pk": str(make_call(user).pk)}


def batch_page_of(user: User) -> Ids:
    return {"pk": batch_of(user)["batch_id"], "kind": "jsonl"}


def run_of(user: User) -> Ids:
    return {"pk": str(AgentRun.objects.create(user=user, goal="Private", status="awaiting_approval").pk)}


def document_of(user: User) -> Ids:
    return {"pk": str(Document.objects.store(user, "Private", "Nobody else reads this.").pk)}


def key_of(user: User) -> Ids:
    return {"pk": str(ApiKey.objects.issue(user=user, name="Private")[0].pk)}


OWNED: dict[str, Callable[[User], Ids]] = {
    "c/": conversation_of,
    "api/v1/conversations/": conversation_of,
    "api/v1/batches/": batch_of,
    "api/v1/agents/runs/": run_of,
    "api/v1/documents/": document_of,
    "account/keys/": key_of,
    "batches/": batch_page_of,
    "usage/calls/": call_of,
}
SHARED = (
    "admin/",  # for staff, see below
    "api/v1/schemas/",
    "api/v1/extract/",
    "api/v1/prompts/",
    "api/v1/<path:rest>",  # nothing at all
    "providers/",
    "people/",  # for who may invite, see below
    "invitation/",  # the token lets in
    "password/new/",
    "^usage/export",  # one's own figures, in two formats
)
BESIDE = {  # method, address and the field that names something of somebody
    ("get", "/api/v1/conversations", "after"),
    ("get", "/api/v1/conversations/{pk}/events", "generation"),
    ("get", "/api/v1/batches", "before"),
    ("get", "/api/v1/agents/runs", "after"),
    ("get", "/api/v1/documents", "after"),
    ("post", "/api/v1/conversations/{pk}/messages", "id"),  # the client's own
    ("post", "/api/v1/conversations/{pk}/messages", "parent"),
}


BODY = {"id": NOWHERE, "text": "Hi", "title": "mine", "value": 1, "note": "", "pinned": True}


def _routes(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _routes(pattern.url_patterns, route)


ROUTES = sorted({route for route in _routes(get_resolver().url_patterns) if re.search(r"<|\(\?P", route)})


def _maker(route: str) -> Callable[[User], Ids] | None:
    return next((make for start, make in OWNED.items() if route.startswith(start)), None)


PERSONAL = [route for route in ROUTES if _maker(route)]


def _filled(route: str, ids: Ids) -> str:
    return "/" + re.sub(r"<[^>]+>", lambda found: ids[found[0].strip("<>").rpartition(":")[2]], route)


def _nothing(ids: Ids) -> Ids:
    """The same with ids that name nothing."""
    return {name: NOWHERE if re.fullmatch("[0-9a-f-]{36}", value) else value for name, value in ids.items()}


def _reply(client: Client, method: str, address: str, **body: Any) -> tuple[int, bytes]:
    sent = {"step": 1, "approved": True, "note": ""} if address.endswith("/approve") else {**BODY, **body}
    said: Any = client.generic(method, address, json.dumps(sent), content_type="application/json")
    content = _streamed(said) if isinstance(said, StreamingHttpResponse) else said.content
    return said.status_code, re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9]{64}", b"", content)


@async_to_sync
async def _streamed(said: StreamingHttpResponse) -> bytes:
    return b"".join([part async for part in said])


def _everything() -> dict[str, list[Any]]:
    """All rows of our own tables."""
    own = [model for app in ("chat", "llm", "prompts") for model in apps.get_app_config(app).get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in own}


@pytest.fixture
def stranger(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_it_is_known_whose_the_things_of_an_address_are() -> None:
    unknown = [route for route in ROUTES if not route.startswith((*OWNED, *SHARED))]
    assert not unknown, (
        "These take an id: say in OWNED how to make one that is somebody's, or in SHARED why not."
    )


@pytest.mark.parametrize("route", PERSONAL)
def test_an_address_with_his_ids_is_one_that_does_not_exist(stranger: Client, bob: User, route: str) -> None:
    make = _maker(route)
    assert make
    ids = make(bob)
    before = _everything()
    for method in ("GET", *CHANGES):
        status, body = _reply(stranger, method, _filled(route, ids))
        assert status in (404, 405)
        assert (status, body) == _reply(stranger, method, _filled(route, _nothing(ids)))
    assert _everything() == before


@pytest.mark.parametrize("route", [route for route in PERSONAL if "<uuid:message>" in route])
def test_his_ids_inside_what_is_hers_do_not_exist_either(
    stranger: Client, alice: User, bob: User, route: str
) -> None:
    make = _maker(route)
    assert make
    his, hers = make(bob), make(alice)
    outer = re.findall(r"<(?:\w+:)?(\w+)>", route)[0]
    mixed = his | {outer: hers[outer]}
    before = _everything()
    for method in ("GET", *CHANGES):
        status, body = _reply(stranger, method, _filled(route, mixed))
        assert status in (404, 405)
        assert (status, body) == _reply(
            stranger, method, _filled(route, _nothing(mixed) | {outer: hers[outer]})
        )
    assert _everything() == before


def test_the_admin_shows_a_stranger_the_way_to_sign_in(stranger: Client, bob: User) -> None:
    for route in ROUTES:
        if route.startswith("admin/") and "(?P" not in route:
            address = "/" + re.sub(r"<[\w:]+>", str(bob.pk), route.replace("<uuid:pk>", NOWHERE))
            said = stranger.get(address)
            assert (said.status_code, said.headers.get("Location", "")[:13]) == (302, "/admin/login/")


def test_a_stranger_invites_nobody(stranger: Client, bob: User) -> None:
    assert stranger.post(f"/people/{bob.pk}/invite/").status_code == 403


def test_every_id_in_a_query_or_a_body_is_known() -> None:
    assert set(_beside()) == BESIDE


def _beside() -> Iterator[tuple[str, str, str]]:
    schema: Any = api.get_openapi_schema()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            asked = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
            query = {one["name"]: one["schema"] for one in asked}
            for name, kind in (query | _body(schema, operation)).items():
                if "uuid" in str(kind):
                    yield method, path, name


def _body(schema: Any, operation: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        shape = content["schema"]
        name = shape.get("$ref", "").rpartition("/")[2]
        found |= (schema["components"]["schemas"][name] if name else shape).get("properties", {})
    return found


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/api/v1/conversations?after={}", "pk"),
        ("/api/v1/conversations/HERS/events?generation={}", "generation"),
        ("/api/v1/batches?before={}", "batch_id"),
        ("/api/v1/agents/runs?after={}", "run"),
        ("/api/v1/documents?after={}", "document"),
        ("/?deleted={}", "pk"),
        ("/c/?before={}", "pk"),
        ("/c/?current={}", "pk"),
        ("/c/HERS/?leaf={}", "message"),
        ("/c/HERS/?from={}", "message"),
        ("/c/HERS/export.md?leaf={}", "message"),
        ("/usage/?user={}", "name"),
        ("/usage/?user={}&measure=time&by=key&from=2026-11-20", "name"),
        ("/usage/calls/?user={}", "name"),
        ("/usage/calls/?after={}", "call"),
    ],
)
def test_his_ids_in_a_query_change_nothing(
    stranger: Client, alice: User, bob: User, address: str, name: str
) -> None:
    his = conversation_of(bob) | batch_of(bob) | {"name": "bob", "run": run_of(bob)["pk"]}
    his["document"] = document_of(bob)["pk"]
    his["call"] = call_of(bob)["pk"]
    address = address.replace("HERS", str(make_conversation(alice, "Hello", "Hi").pk))
    status, body = _reply(stranger, "GET", address.format(his[name]))
    same, nothing = _reply(stranger, "GET", address.format("nob" if name == "name" else NOWHERE))
    assert status == same
    assert body.replace(b"bob", b"nob") == nothing
    assert b"Private" not in body


def test_his_message_is_no_parent_of_hers(stranger: Client, alice: User, bob: User) -> None:
    mine, his = make_conversation(alice, "Hello", "Hi"), conversation_of(bob)
    before = _everything()
    for parent in (his["message"], NOWHERE):
        status, _ = _reply(stranger, "POST", f"/api/v1/conversations/{mine.pk}/messages", parent=parent)
        assert status == 404
    assert _everything() == before
