"""Rendering for callers, saving versions, moving labels."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from llm.types import Message, PromptRef
from prompts import files, service
from prompts.errors import InvalidPrompt, MissingVariable, UnknownPrompt
from prompts.models import Prompt, PromptLabel
from prompts.rendering import Variable
from tests.prompts.factories import activate, content, make_prompt

pytestmark = pytest.mark.django_db(transaction=True)

TONE = Variable(name="tone", required=False, default="friendly")
amake_prompt = sync_to_async(make_prompt)


async def test_renders_the_production_version() -> None:
    await amake_prompt(content("Be {{ tone }}.", variables=(TONE,), temperature=0.5), "Be rude.")
    rendered = await service.render("greeting", {"tone": "dry"})
    assert rendered.messages == (Message(role="system", content="Be dry."),)
    assert (rendered.version, rendered.model, rendered.chain) == (1, None, ())
    assert rendered.parameters == {"temperature": 0.5}
    assert rendered.ref == PromptRef(slug="greeting", version=1)


async def test_renders_a_version_or_another_label() -> None:
    prompt = await amake_prompt("one", "two", "three")
    two = await prompt.versions.aget(number=2)
    await sync_to_async(service.move_label)(prompt, "staging", two, who=None)
    assert (await service.render("greeting", version=3)).version == 3
    assert (await service.render("greeting", label="staging")).version == 2


async def test_an_edit_reaches_the_next_call() -> None:
    prompt = await amake_prompt("old")
    assert (await service.render("greeting")).messages[0].content == "old"
    await sync_to_async(service.save_version)(prompt, content("new"), author=None)
    assert (await service.render("greeting")).messages[0].content == "old"
    await sync_to_async(activate)(prompt, 2)
    assert (await service.render("greeting")).messages[0].content == "new"
    await sync_to_async(activate)(prompt, 1)
    assert (await service.render("greeting")).messages[0].content == "old"


async def test_names_the_first_model_and_the_whole_chain() -> None:
    await amake_prompt(content("x", model="local:a, local:b"))
    rendered = await service.render("greeting")
    assert (rendered.model, rendered.chain) == ("local:a", ("local:a", "local:b"))


async def test_says_how_answers_are_kept_and_stopped() -> None:
    handling: Any = {"cache_ttl": 60, "on_disconnect": "stop", "on_stop": "drain"}
    await amake_prompt("usual", replace(content("x"), **handling))
    usual, other = [await service.render("greeting", version=number) for number in (1, 2)]
    assert (usual.cache_ttl, usual.on_disconnect, usual.on_stop) == (None, "finish", "stop")
    assert (other.cache_ttl, other.on_disconnect, other.on_stop) == (60, "stop", "drain")


def test_the_labels_of_many_calls_are_one_query() -> None:
    make_prompt()
    wanted = [("greeting", "production"), ("greeting", "staging"), ("nobody", "production")]
    with CaptureQueriesContext(connection) as queries:
        found = PromptLabel.objects.by_name(wanted)
        assert found["greeting", "production"].version.number == 1
    assert found.keys() == {("greeting", "production")}
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("slug", "label", "version", "sentence"),
    [
        ("nobody", "production", None, "There is no prompt “nobody”."),
        ("greeting", "staging", None, "The prompt “greeting” has no label “staging”."),
        ("greeting", "production", 7, "The prompt “greeting” has no version 7."),
    ],
)
async def test_what_does_not_exist_is_named(
    slug: str, label: str, version: int | None, sentence: str
) -> None:
    await amake_prompt()
    with pytest.raises(UnknownPrompt) as caught:
        await service.render(slug, label=label, version=version)
    assert (caught.value.sentence, caught.value.status) == (sentence, 404)


async def test_a_missing_variable_is_an_error() -> None:
    await amake_prompt(content("{{ who }}", variables=(Variable(name="who"),)))
    with pytest.raises(MissingVariable):
        await service.render("greeting")


def test_saving_makes_the_next_number_and_nothing_live(alice: User) -> None:
    prompt = make_prompt("one")
    version = service.save_version(prompt, content("two\r\n"), author=alice, note="shorter")
    assert (version.number, version.author, version.note) == (2, alice, "shorter")
    assert version.messages == [{"role": "system", "content": "two"}]
    live = prompt.labelled()
    assert live
    assert live.number == 1


def test_a_wrong_content_saves_nothing() -> None:
    prompt = make_prompt("one")
    with pytest.raises(InvalidPrompt):
        service.save_version(prompt, content("{{ nobody }}"), author=None)
    assert prompt.versions.count() == 1


def test_two_editors_save_at_once_and_both_versions_exist() -> None:
    prompt = make_prompt("one")
    start = Barrier(4)

    def save(writer: int) -> None:
        start.wait()
        try:
            for turn in range(5):
                service.save_version(prompt, content(f"{writer}.{turn}"), author=None)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(4)))
    assert sorted(prompt.versions.values_list("number", flat=True)) == list(range(1, 22))


def test_starters_come_once_and_edits_stay(alice: User) -> None:
    assert service.install_starters() == [starter.slug for starter in files.starters()]
    prompt = Prompt.objects.get(slug="assistant")
    service.save_version(prompt, content("mine"), author=alice)
    activate(prompt, 2)
    assert service.install_starters() == []
    live = prompt.labelled()
    assert live
    assert live.messages[0]["content"] == "mine"
    assert prompt.versions.count() == 2
