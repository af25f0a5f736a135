"""What the editor asks while somebody writes: previews, and answers in the playground."""

import json
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.urls import reverse
from pytest_django import Settings

import llm
from llm.models import Budget, Call
from prompts import playing
from prompts.models import Prompt, PromptCase
from prompts.rendering import Variable
from tests.prompts.factories import content, make_prompt, publisher, staff
from tests.wire import WireServer, status, text, wire

__all__ = ["wire"]

pytestmark = pytest.mark.django_db(transaction=True)

TONE = Variable(name="tone", required=False, default="friendly", sample="dry")


def sent(system: str = "Be {{ tone }}.", *variables: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return what the page's form sends: a system text, and variables with their samples."""
    form = {"title": "Greeting", "system": system, "messages-TOTAL_FORMS": 0, "messages-INITIAL_FORMS": 0}
    form |= {"variables-TOTAL_FORMS": len(variables), "variables-INITIAL_FORMS": 0}
    for at, (name, sample) in enumerate(variables):
        form |= {f"variables-{at}-name": name, f"variables-{at}-sample": sample}
    return form | more


def address(name: str, prompt: Prompt) -> str:
    return reverse(f"admin:prompts_prompt_{name}", args=[prompt.pk])


@pytest.fixture
def prompt() -> Prompt:
    return make_prompt(content("Be {{ tone }}.", variables=(TONE,)))


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(staff("erin", "view_prompt", "add_prompt", "change_prompt"))
    return client


def preview(editor: Client, prompt: Prompt, form: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = editor.post(address("preview", prompt), form).json()
    return told


def test_a_draft_reads_with_its_samples_and_marks_what_is_unknown(editor: Client, prompt: Prompt) -> None:
    told = preview(editor, prompt, sent("Be {{ tone }} to {{ nick }}.", ("tone", "dry")))
    assert told["messages"][0]["parts"] == [
        {"kind": "text", "text": "Be "},
        {"kind": "value", "text": "dry"},
        {"kind": "text", "text": " to "},
        {"kind": "unknown", "text": "{{ nick }}"},
        {"kind": "text", "text": "."},
    ]
    assert "Add “nick” to the variables" in told["errors"]["system"][0]
    assert prompt.versions.count() == 1


def test_a_sample_that_is_missing_and_a_variable_that_is_not_used_are_told(
    editor: Client, prompt: Prompt
) -> None:
    form = sent("Be {{ tone }}.", ("tone", ""), ("nick", "Ada"))
    told = preview(editor, prompt, form | {"variables-0-required": "on"})
    assert told["messages"][0]["parts"][1] == {"kind": "missing", "text": "{{ tone }}"}
    assert told["notes"] == [
        "“tone” has no sample, so the preview cannot show it.",
        "“nick” is declared, and no text uses it.",
    ]


def test_sections_come_and_go_with_the_samples(editor: Client, prompt: Prompt) -> None:
    shown = [
        "".join(part["text"] for part in preview(editor, prompt, form)["messages"][0]["parts"])
        for form in (sent("Hi{{# a }} {{ a }}{{/ a }}.", ("a", one)) for one in ("Ada", ""))
    ]
    assert shown == ["Hi Ada.", "Hi."]
    broken = preview(editor, prompt, sent("Hi{{# a }}.", ("a", "x")))
    assert "has no end" in broken["errors"]["system"][0]
    assert broken["messages"][0]["parts"][1]["kind"] == "unknown"


def test_tokens_and_price_are_told(editor: Client, prompt: Prompt) -> None:
    priced = preview(editor, prompt, sent("word " * 1000, model="openai:gpt-5.5", max_tokens="100"))
    assert priced["facts"][1].startswith("about 1,2")
    assert priced["facts"][2].startswith("about $0.0")
    assert "an answer of 100 tokens adds $" in priced["facts"][3]
    assert preview(editor, prompt, sent("Hi", model="local:x"))["facts"][2] == "free"
    assert "is unknown" in preview(editor, prompt, sent("Hi", model="openai:no-such"))["facts"][2]


def test_the_draft_is_compared_with_any_version(editor: Client) -> None:
    prompt = make_prompt("one two", "one three")
    told = preview(editor, prompt, sent("one three", against="1"))["changes"]
    assert told["messages"][0]["pieces"] == [["same", "one "], ["del", "two"], ["ins", "three"]]
    assert not preview(editor, prompt, sent("one three", against="2"))["changes"]["any"]
    assert preview(editor, prompt, sent("one three", against="9"))["changes"] is None


def test_a_new_prompt_has_a_preview_too(editor: Client) -> None:
    told = editor.post(reverse("admin:prompts_prompt_preview_new"), sent("Hi")).json()
    assert told["messages"][0]["parts"] == [{"kind": "text", "text": "Hi"}]
    assert told["changes"] is None


@pytest.mark.parametrize("form", [{}, {"system": "x" * 200_000}, sent("{{# a", temperature="warm")])
def test_what_cannot_be_read_is_told_and_breaks_nothing(
    editor: Client, prompt: Prompt, form: dict[str, Any]
) -> None:
    assert editor.post(address("preview", prompt), form).status_code == 200


def test_who_may_only_look_asks_nothing(client: Client, prompt: Prompt) -> None:
    client.force_login(staff("vera", "view_prompt"))
    for name in ("preview", "play"):
        assert client.post(address(name, prompt), sent()).status_code == 403
    assert client.post(reverse("admin:prompts_prompt_preview_new"), sent()).status_code == 403


# The playground


@pytest.fixture
def model(wire: WireServer, settings: Settings) -> WireServer:
    site = {"parley_local_url": wire.url, "parley_models": "local:smollm2"}
    settings.PARLEY = settings.PARLEY.model_copy(update=site)
    return wire


async def play(prompt: Prompt, form: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Ask as an editor; returns the events, or the one refusal."""
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(publisher)("petra"))
    response = await client.post(address("play", prompt), form)
    if not response.streaming:
        return [("refused", response.json())]
    stream: Any = response
    return [event(piece) async for piece in stream]


def event(piece: bytes) -> tuple[str, dict[str, Any]]:
    name, data = piece.decode().strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_draft_answers_on_the_real_pipeline(model: WireServer, prompt: Prompt) -> None:
    model.script(text("Good", " day"))
    told = await play(prompt, sent("Be {{ tone }}.", ("tone", "grim"), side="draft", said="Hello"))
    assert [name for name, _ in told] == ["delta", "delta", "end"]
    assert "".join(data.get("text", "") for _, data in told) == "Good day"
    assert told[-1][1]["facts"][0] == "local:smollm2"
    asked = model.requests[0].body["messages"]
    assert [(each["role"], each["content"]) for each in asked] == [("system", "Be grim."), ("user", "Hello")]
    call = await Call.objects.select_related("user").aget()
    assert call.user
    assert (call.feature, call.user.username, call.prompt_version) == ("playground", "petra", None)


async def test_a_version_answers_with_the_samples_of_the_draft(model: WireServer, prompt: Prompt) -> None:
    model.script(text("Hi"))
    await play(prompt, sent("{{ tone }}{{ new }}", ("tone", "grim"), ("new", "x"), side="1", said="Hello"))
    assert model.requests[0].body["messages"][0]["content"] == "Be grim."
    call = await Call.objects.aget()
    assert (call.prompt, call.prompt_version) == ("greeting", 1)


async def test_a_case_is_the_input(model: WireServer, prompt: Prompt) -> None:
    model.script(text("Hi"))
    turns = [{"role": "user", "content": "Where is my tea?"}]
    case = await PromptCase.objects.acreate(
        prompt=prompt, name="tea", variables={"tone": "kind", "gone": "x"}, messages=turns
    )
    await play(prompt, sent("Be {{ tone }}.", ("tone", "grim"), side="draft", case=str(case.pk), said="No"))
    asked = [each["content"] for each in model.requests[0].body["messages"]]
    assert asked == ["Be kind.", "Where is my tea?"]


async def test_errors_are_told_in_sentences(model: WireServer, prompt: Prompt) -> None:
    model.script(status(400))
    assert (await play(prompt, sent("Hi", side="1", said="Hello")))[-1][0] == "error"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (sent("{{ nick }}", side="draft"), "Add “nick” to the variables"),
        (sent("Hi", side="9"), "no such version"),
        (sent("Hi", side="draft", temperature="warm"), "cannot be tried yet"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    model: WireServer, prompt: Prompt, form: dict[str, Any], says: str
) -> None:
    [(name, told)] = await play(prompt, form)
    assert name == "refused"
    assert says in told["text"]
    assert model.requests == []


async def test_an_empty_budget_is_told(model: WireServer, prompt: Prompt) -> None:
    model.always(text("Hi"))
    await Budget.objects.acreate(scope="feature", feature="playground", limit=0, period="day")
    told = await play(prompt, sent("Hi", side="draft", said="Hello", model="openai:gpt-5.5"))
    assert told[-1][0] == "error"
    assert model.requests == []


async def test_who_leaves_stops_the_model(model: WireServer, prompt: Prompt) -> None:
    held = model.gate()
    model.script(text("One", " two", gate=held))
    said = (llm.Message(role="user", content="Hello"),)
    stream = playing.events(llm.Request(messages=said, feature=playing.FEATURE))
    held.let(1)
    assert event(await anext(stream)) == ("delta", {"text": "One"})
    await stream.aclose()
    call = await Call.objects.aget()
    assert (call.outcome, call.feature) == ("stopped", "playground")


def test_a_schema_is_written_on_the_page(editor: Client) -> None:
    prompt = make_prompt(replace(content("a"), output_schema='{"type": "object"}'))
    told = preview(editor, prompt, sent("a", output_schema="[]"))
    assert "must be a JSON object" in told["errors"]["output_schema"][0]
