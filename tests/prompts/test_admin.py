"""People edit prompts in the admin: saving makes a version, a label says which one runs."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from prompts.models import Prompt
from prompts.rendering import Variable
from tests.prompts.factories import content, make_prompt, staff

LIST = "/admin/prompts/prompt/"
TONE = Variable(name="tone", required=False, default="friendly", sample="dry")


def page(prompt: Prompt) -> str:
    return reverse("admin:prompts_prompt_change", args=[prompt.pk])


def version_page(prompt: Prompt, number: int) -> str:
    return reverse("admin:prompts_prompt_version", args=[prompt.pk, number])


def publish_page(prompt: Prompt, number: int) -> str:
    return reverse("admin:prompts_prompt_publish", args=[prompt.pk, number])


def filled(response: Any, **changes: Any) -> dict[str, Any]:
    """Return what a browser would send from the page's form, after `changes`."""
    form: Any = response.context["adminform"].form
    sent: dict[str, Any] = {}
    parts = [form, form.message_rows.management_form, form.variable_rows.management_form]
    for part in [*parts, *form.message_rows, *form.variable_rows]:
        for field in part:
            sent[field.html_name] = field.value()
    sent = {
        name: value for name, value in {**sent, **changes}.items() if value is not None and value is not False
    }
    return {name: "on" if value is True else value for name, value in sent.items()}


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def errors(response: Any) -> dict[str, list[str]]:
    form: Any = response.context["adminform"].form
    return {
        field.html_name: list(field.errors)
        for part in [form, *form.message_rows, *form.variable_rows]
        for field in part
        if field.errors
    }


@pytest.fixture
def prompt(db: None) -> Prompt:
    return make_prompt(content("Be {{ tone }}.", variables=(TONE,), temperature=0.5))


@pytest.fixture
def editor(client: Client, db: None) -> Client:
    client.force_login(staff("erin", "view_prompt", "add_prompt", "change_prompt"))
    return client


def save(client: Client, prompt: Prompt, **changes: Any) -> Any:
    return client.post(page(prompt), filled(client.get(page(prompt)), **changes), follow=True)


def test_saving_makes_the_next_version_and_nothing_live(editor: Client, prompt: Prompt) -> None:
    response = save(editor, prompt, system="Be very {{ tone }}.\r\n", note="warmer", activate=True)
    newest = prompt.versions.get(number=2)
    assert newest.messages == [{"role": "system", "content": "Be very {{ tone }}."}]
    assert newest.variables == prompt.versions.get(number=1).variables
    assert (str(newest.author), newest.note) == ("erin", "warmer")
    assert prompt.labelled() == prompt.versions.get(number=1)
    assert prompt.moves.count() == 1
    assert told(response) == ["Version 2 is saved. Version 1 stays active."]
    assert "text, as version 2" in LogEntry.objects.latest("id").get_change_message()


def test_unchanged_content_makes_no_version_and_moves_nothing(editor: Client, prompt: Prompt) -> None:
    save(editor, prompt, system="New")
    response = save(editor, prompt, title="Hello", note="only the title")
    assert told(response) == [
        "The text is as in version 2, so no new version was made. Version 1 stays active."
    ]
    prompt.refresh_from_db()
    assert (prompt.title, prompt.versions.count(), prompt.moves.count()) == ("Hello", 2, 1)


@pytest.mark.parametrize(
    "starter",
    [
        content("a"),
        content("a", ("user", "b"), ("assistant", "c"), ("user", "{{ d }}"), variables=(Variable(name="d"),)),
        content("a", variables=(Variable(name="b", required=False),), model="local:a,local:b", temperature=0),
        content("a", variables=(Variable(name="b", required=False, default=""),), max_tokens=5),
        replace(content("a"), cache_ttl=0, on_disconnect="stop", on_stop="drain"),
        replace(content("a"), cache_ttl=60, output_schema='{"type": "object"}'),
    ],
)
def test_opening_and_saving_changes_nothing(editor: Client, starter: Any) -> None:
    prompt = make_prompt(starter)
    save(editor, prompt)
    assert prompt.versions.count() == 1


def test_messages_are_added_and_taken_away_by_their_rows(editor: Client, prompt: Prompt) -> None:
    save(editor, prompt, **{"messages-0-content": "Hi"})
    save(editor, prompt, **{"messages-1-content": "Hello", "messages-1-role": "assistant"})
    assert [m["role"] for m in prompt.versions.get(number=3).messages] == ["system", "user", "assistant"]
    save(editor, prompt, **{"messages-0-content": ""})
    assert [m["content"] for m in prompt.versions.get(number=4).messages] == ["Be {{ tone }}.", "Hello"]


def test_a_variable_is_added_by_the_empty_row(editor: Client, prompt: Prompt) -> None:
    save(editor, prompt, system="{{ tone }} {{ nick }}", **{"variables-1-name": "nick"})
    added = prompt.versions.get(number=2).variables[1]
    assert added == {"name": "nick", "type": "string", "required": True, "default": None, "sample": ""}


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"system": "{{ nick }}"}, "system", "Add “nick” to the variables"),
        ({"system": ""}, "system", "Write what the model should do."),
        ({"messages-0-content": "{{ nick }}"}, "messages-0-content", "Add “nick” to the variables"),
        ({"variables-1-name": "1st name"}, "variables-1-name", "cannot be a name"),
        ({"variables-1-name": "tone"}, "variables-1-name", "two variables “tone”"),
        ({"variables-1-sample": "x"}, "variables-1-name", "Give the variable a name"),
        ({"variables-0-required": True}, "variables-0-default", "required, so it needs no default"),
        ({"model": "no-such-model"}, "model", "There is no model named"),
        ({"temperature": "3"}, "temperature", "from 0 to 2"),
        ({"temperature": "warm"}, "temperature", "Enter a number"),
        ({"max_tokens": "0"}, "max_tokens", "whole number from 1"),
        ({"cache_ttl": "-1"}, "cache_ttl", "whole number of seconds"),
        ({"cache_ttl": "a day"}, "cache_ttl", "Enter a whole number"),
        ({"on_stop": "finish"}, "on_stop", "not one of the available choices"),
        ({"title": ""}, "title", "required"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    editor: Client, prompt: Prompt, changes: dict[str, Any], field: str, says: str
) -> None:
    response = save(editor, prompt, **changes)
    assert list(errors(response)) == [field]
    assert says in errors(response)[field][0]
    assert b"Nothing is saved yet" in response.content
    assert prompt.versions.count() == 1


def test_how_answers_are_kept_and_stopped_is_part_of_a_version(editor: Client, prompt: Prompt) -> None:
    save(editor, prompt, cache_ttl="60", on_disconnect="stop", on_stop="drain")
    newest = prompt.versions.get(number=2)
    assert (newest.cache_ttl, newest.on_disconnect, newest.on_stop) == (60, "stop", "drain")
    shown = editor.get(version_page(prompt, 2)).content
    assert b"answers kept for 60 seconds" in shown
    assert b"ends unseen when a person stops it" in shown


def test_a_schema_from_a_file_outlives_an_edit(editor: Client) -> None:
    prompt = make_prompt(replace(content("a"), output_schema='{"type": "object"}'))
    save(editor, prompt, system="b")
    assert prompt.versions.get(number=2).output_schema == '{"type": "object"}'
    assert b"answers follow a schema" in editor.get(version_page(prompt, 2)).content


@pytest.mark.parametrize(("ttl", "is_open"), [(None, False), (0, True)])
def test_unusual_handling_is_in_sight(editor: Client, ttl: int | None, is_open: bool) -> None:
    prompt = make_prompt(replace(content("a"), cache_ttl=ttl))
    text = editor.get(page(prompt)).content.decode()
    assert ('prompt-details fold" open>' in text) is is_open


def test_a_prompt_is_made_through_add(editor: Client) -> None:
    start = editor.get(f"{LIST}add/")
    sent = filled(start, title="Farewell", slug="farewell", system="Say goodbye.")
    response = editor.post(f"{LIST}add/", sent, follow=True)
    made = Prompt.objects.get(slug="farewell")
    assert made.versions.get().messages[0]["content"] == "Say goodbye."
    assert made.labelled() is None
    assert told(response) == ["Version 1 is saved. No version is active yet."]


def test_a_slug_stays(editor: Client, prompt: Prompt) -> None:
    save(editor, prompt, slug="renamed", system="New")
    prompt.refresh_from_db()
    assert prompt.slug == "greeting"


def test_two_editors_write_at_once_and_the_later_is_told(editor: Client, prompt: Prompt) -> None:
    seen = editor.get(page(prompt))
    save(editor, prompt, system="First")
    response = editor.post(page(prompt), filled(seen, system="Second"), follow=True)
    assert prompt.versions.count() == 3
    assert told(response)[0].startswith("While you wrote, version 2 was saved.")


def test_an_old_form_without_changes_undoes_nobody(editor: Client, prompt: Prompt) -> None:
    seen = editor.get(page(prompt))
    save(editor, prompt, system="First")
    editor.post(page(prompt), filled(seen))
    assert prompt.versions.count() == 2


def test_a_version_page_shows_the_text_and_the_preview(editor: Client, prompt: Prompt) -> None:
    text = editor.get(version_page(prompt, 1)).content.decode()
    assert "Be {{ tone }}." in text
    assert "Be <b>dry</b>." in text
    assert editor.get(version_page(prompt, 9)).status_code == 404


def test_what_a_person_wrote_is_never_markup(editor: Client) -> None:
    prompt = make_prompt("<script>alert(1)</script>")
    for address in (page(prompt), version_page(prompt, 1)):
        assert b"<script>alert" not in editor.get(address).content


def test_pages_hold_no_inline_script_or_style(editor: Client, prompt: Prompt) -> None:
    for address in (LIST, f"{LIST}add/", page(prompt), version_page(prompt, 1)):
        text = editor.get(address).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert all("src=" in tag.partition(">")[0] for tag in text.split("<script")[1:])


def test_the_list_shows_what_is_active_and_what_is_newest(editor: Client) -> None:
    make_prompt("one", "two", slug="two-versions")
    text = editor.get(LIST).content.decode()
    assert '<td class="field-active">1</td>' in text
    assert '<td class="field-newest">2</td>' in text


def test_who_may_only_look_reads_the_version(client: Client, prompt: Prompt) -> None:
    client.force_login(staff("vera", "view_prompt"))
    response = client.get(page(prompt), follow=True)
    assert response.redirect_chain[-1][0] == version_page(prompt, 1)
    assert b"Make version" not in response.content


@pytest.mark.parametrize("permissions", [(), ("view_prompt",), ("add_prompt", "view_prompt")])
def test_without_the_permission_nothing_changes(
    client: Client, prompt: Prompt, permissions: tuple[str, ...]
) -> None:
    prompt.versions.create(number=2, messages=[{"role": "system", "content": "two"}])
    client.force_login(staff("vera", *permissions))
    client.post(page(prompt), {"title": "x", "system": "hacked"})
    assert client.post(publish_page(prompt, 2), {}).status_code == 403
    assert prompt.versions.count() == 2
    assert prompt.labelled() == prompt.versions.get(number=1)


def test_strangers_are_sent_to_sign_in(client: Client, prompt: Prompt, bob: User) -> None:
    client.force_login(bob)
    for address in (page(prompt), version_page(prompt, 1), publish_page(prompt, 1)):
        assert client.post(address).status_code == 302
    assert prompt.moves.count() == 1


def test_looking_moves_nothing(editor: Client, prompt: Prompt) -> None:
    save(editor, prompt, system="New")
    text = editor.get(publish_page(prompt, 2)).content.decode()
    assert "<del>Be {{ tone }}.</del><ins>New</ins>" in text
    assert prompt.moves.count() == 1


def test_nobody_deletes_a_prompt_or_a_move(client: Client, prompt: Prompt, carol: User) -> None:
    client.force_login(carol)
    move = prompt.moves.get()
    assert client.post(f"{LIST}{prompt.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/prompts/promptmove/{move.pk}/change/", {"why": "x"}).status_code == 403
    assert client.get("/admin/prompts/promptmove/").status_code == 200
