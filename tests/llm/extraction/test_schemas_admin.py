"""Schemas that people make: versions, the current one, the report, the try, and what the API sees."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from llm import runloop
from llm.extraction import schemas
from llm.models import Call, ExtractionSchema
from tests.config.calling import Call as ApiCall
from tests.config.calling import api, key, problem, prompts
from tests.llm.extraction.conftest import model, wire
from tests.wire import WireServer, text

__all__ = ["api", "key", "model", "prompts", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)

FLAG = json.dumps(
    {
        "title": "Flag",
        "type": "object",
        "properties": {"z": {"type": "integer", "multipleOf": 3}, "a": {"type": "boolean"}},
        "required": ["z", "a"],
    }
)


@pytest.fixture
def staff(client: Client, carol: User) -> Client:
    client.force_login(carol)
    return client


def made(staff: Client, name: str = "flag", source: str = FLAG) -> Any:
    return staff.post("/admin/llm/extractionschema/add/", {"name": name, "source": source, "note": "first"})


def offered(staff: Client, number: int = 1) -> ExtractionSchema:
    schema = ExtractionSchema.objects.get()
    staff.post(f"/admin/llm/extractionschema/{schema.pk}/versions/{number}/offer/")
    schema.refresh_from_db()
    return schema


def test_a_version_is_saved_and_is_not_yet_offered(staff: Client, carol: User) -> None:
    reply = made(staff)
    schema = ExtractionSchema.objects.get()
    version = schema.versions.get()
    assert (version.number, version.source, version.author, version.note) == (1, FLAG, carol, "first")
    assert schema.current is None
    assert reply.url.endswith("/versions/1/")


def test_the_report_says_who_enforces_what(staff: Client, model: WireServer) -> None:
    shown = staff.get(made(staff).url).content.decode()
    assert "openai:gpt-4o-mini" in shown
    assert "Enforced:" in shown
    assert "<code>/properties/z/type</code>" in shown


def test_a_saved_version_is_never_written_again(staff: Client) -> None:
    made(staff)
    schema = offered(staff)
    staff.post(
        f"/admin/llm/extractionschema/{schema.pk}/change/", {"source": '{"type": "string"}', "note": ""}
    )
    schema.refresh_from_db()
    assert [(v.number, v.source) for v in schema.versions.all()] == [(2, '{"type": "string"}'), (1, FLAG)]
    assert schema.current == schema.versions.get(number=1)
    assert offered(staff, 2).current == schema.versions.get(number=2)


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("sentiment", FLAG, "The code has a schema of this name."),
        ("Flag!", FLAG, "Begin with a small letter"),
        ("flag", "{", "It is not JSON."),
        ("flag", '{"type": "object", "type": "string"}', "It is not JSON."),
        ("flag", "[]", "It is not a JSON object."),
        ("flag", '{"properties": {"a": {"type": "strnig"}}}', "/properties/a/type: "),
        ("flag", '{"$ref": "https://example.com/"}', "/$ref: Only references into the same schema"),
    ],
)
def test_what_is_wrong_is_told(staff: Client, name: str, source: str, says: str) -> None:
    assert says in made(staff, name, source).content.decode()
    assert not ExtractionSchema.objects.exists()


def test_a_text_is_tried_on_a_version(staff: Client, carol: User, model: WireServer) -> None:
    model.script(text('Here: {"z": 4, "a": true}'), text('Sure! {"z": 3, "a": true}'))
    address = made(staff).url
    shown = staff.post(address, {"text": "Three."}).content.decode()
    assert "&quot;z&quot;: 3" in shown
    assert "2 attempts" in shown
    assert "repair:" in shown
    assert {call.user for call in Call.objects.all()} == {carol}


def test_a_try_that_fails_says_why_and_shows_the_answer(staff: Client, model: WireServer) -> None:
    model.always(text('{"z": 4, "a": true}'))
    shown = staff.post(made(staff).url, {"text": "Four."}).content.decode()
    assert "The model gave no valid answer" in shown
    assert "<code>/z</code>" in shown


async def test_the_api_sees_what_is_offered(
    api: ApiCall, client: Client, carol: User, model: WireServer
) -> None:
    await client.aforce_login(carol)
    await sync_to_async(made)(client)
    problem(await api("GET", "/schemas/flag"), 404, "not_found")
    schema = await sync_to_async(offered)(client)
    found = (await api("GET", "/schemas/flag")).json()
    assert (found["title"], found["version"]) == ("Flag", 1)
    assert list(found["json_schema"]["properties"]) == ["z", "a"]
    names = [entry["name"] for entry in (await api("GET", "/schemas")).json()["schemas"]]
    assert names == sorted(names)
    assert "flag" in names
    model.script(text('{"z": 3, "a": false}'))
    done = await api("POST", "/extract/flag", {"text": "Three."})
    assert done.json()["data"] == {"z": 3, "a": False}
    await sync_to_async(client.post)(f"/admin/llm/extractionschema/{schema.pk}/withdraw/")
    problem(await api("POST", "/extract/flag", {"text": "Three."}), 404, "not_found")


def test_a_schema_of_code_wins(db: None) -> None:
    row = ExtractionSchema.objects.create(name="contact")
    row.current = row.versions.create(number=1, source="{}")
    row.save()
    found = runloop.wait(schemas.find("contact"))
    assert found
    assert found.schema is schemas.Contact
    assert [entry.version for entry in schemas.offered() if entry.name == "contact"] == [None]
