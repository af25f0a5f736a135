"""A test case from a real call, in one click, of what the redacted log holds."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

import llm
from llm import runloop
from llm.models import Call, CallBody
from llm.types import Message
from prompts import rendering, service
from prompts.models import PromptCase, PromptVersion
from prompts.rendering import Variable
from prompts.unrendering import values_of
from tests.prompts.factories import content, make_prompt, staff
from tests.wire import WireServer, text

pytestmark = pytest.mark.django_db(transaction=True)

SHOP, NICK = Variable(name="shop", sample="a shop"), Variable(name="nick", required=False)
TEXT = "You answer for {{ shop }}.{{# nick }} Call them {{ nick }}.{{/ nick }}"


def asked(*said: str, **values: str) -> Call:
    """Ask the scripted model with the prompt, and return the row of the ledger."""
    rendered = runloop.wait(service.render("greeting", values))
    talk = [Message(role="assistant" if at % 2 else "user", content=each) for at, each in enumerate(said)]
    messages = (*rendered.messages, *talk)
    runloop.wait(llm.run(llm.Request(messages=messages, prompt=rendered.ref, feature="chat")))
    return Call.objects.latest("created_at")


def offered(client: Client, call: Call) -> str:
    page = client.get(reverse("call", args=[call.pk]))
    assert page.status_code == 200
    offers: list[dict[str, str]] = page.context["offers"]
    return offers[0]["address"] if offers else ""


@pytest.fixture
def editor(client: Client, model: WireServer) -> Client:
    make_prompt(content(TEXT, variables=(SHOP, NICK)))
    model.always(text("Hi"))
    client.force_login(staff("erin", "view_prompt", "change_prompt"))
    return client


def test_one_click_makes_the_case_of_a_call(editor: Client) -> None:
    call = asked("Hello", "Hi", "Where is my tea?", shop="Northwind", nick="Ada")
    response = editor.post(offered(editor, call), follow=True)
    case = PromptCase.objects.get()
    assert response.redirect_chain[-1][0] == reverse("admin:prompts_promptcase_change", args=[case.pk])
    assert (case.name, case.variables) == ("Where is my tea?", {"shop": "Northwind", "nick": "Ada"})
    assert [turn["content"] for turn in case.messages] == ["Hello", "Hi", "Where is my tea?"]
    assert case.source == call.request_id
    editor.post(offered(editor, call))
    assert PromptCase.objects.count() == 1


def test_what_was_redacted_stays_so(editor: Client) -> None:
    call = asked("I am jane@example.com", shop="shop@example.com")
    editor.post(offered(editor, call))
    case = PromptCase.objects.get()
    assert (case.variables["shop"], case.messages[0]["content"]) == ("[email]", "I am [email]")


def test_a_call_that_was_cut_or_forgotten_makes_none(editor: Client) -> None:
    call = asked("Hello", shop="Northwind")
    where = offered(editor, call)
    CallBody.objects.update(cut=True)
    told = editor.post(where, follow=True)
    assert "too long to keep" in str(next(iter(told.context["messages"])))
    CallBody.objects.all().delete()
    assert offered(editor, call) == ""
    editor.post(where)
    assert not PromptCase.objects.exists()


def test_two_calls_with_one_question_have_names_of_their_own(editor: Client) -> None:
    for _ in range(2):
        editor.post(offered(editor, asked("Hello", shop="Northwind")))
    assert set(PromptCase.objects.values_list("name", flat=True)) == {"Hello", "Hello (2)"}


def test_texts_that_do_not_fit_the_version_give_way_to_samples(editor: Client) -> None:
    call = asked("Hello", shop="Northwind")
    body = CallBody.objects.get()
    body.request["messages"][0]["content"] = "Something else"
    body.save()
    told = editor.post(offered(editor, call), follow=True)
    assert "the samples stand in" in " ".join(str(said) for said in told.context["messages"])
    assert PromptCase.objects.get().variables == {"shop": "a shop", "nick": ""}


def test_who_may_not_change_prompts_is_offered_nothing(editor: Client, alice: User, client: Client) -> None:
    call = asked("Hello", shop="Northwind")
    where = offered(editor, call)
    client.force_login(staff("vera", "view_prompt"))
    assert offered(client, call) == ""
    assert client.post(where).status_code == 403
    client.force_login(alice)
    assert client.post(where).status_code == 302
    assert not PromptCase.objects.exists()


def test_a_call_leads_to_its_version_who_may_look_at_prompts(
    editor: Client, alice: User, client: Client
) -> None:
    call = asked("Hello", shop="Northwind")
    version = PromptVersion.objects.get(prompt__slug="greeting")
    where = reverse("admin:prompts_prompt_version", args=[version.prompt_id, version.number])
    for person, address in ((staff("vera", "view_prompt"), where), (staff("carl"), ""), (alice, "")):
        client.force_login(person)
        Call.objects.update(user=person)
        assert client.get(reverse("call", args=[call.pk])).context["prompt_page"] == address
    client.force_login(User.objects.get(username="vera"))
    Call.objects.update(prompt_version=99)
    assert client.get(reverse("call", args=[call.pk])).context["prompt_page"] == ""


def test_the_form_has_a_field_for_each_variable(editor: Client) -> None:
    editor.post(offered(editor, asked("Hello", shop="Northwind")))
    case = PromptCase.objects.get()
    page = reverse("admin:prompts_promptcase_change", args=[case.pk])
    assert b'name="variables.shop"' in editor.get(page).content
    sent: dict[str, Any] = {
        "name": "Late",
        "variables.shop": "Tea & Co",
        "variables.nick": "",
        "messages": "Hm?",
    }
    checks = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 0, "0-kind": "contains", "0-value": "sorry"}
    sent |= {f"checks-{name}": value for name, value in checks.items()}
    assert editor.post(page, {**sent, "enabled": "on"}).status_code == 302
    case.refresh_from_db()
    assert case.variables == {"shop": "Tea & Co", "nick": ""}
    assert case.messages == [{"role": "user", "content": "Hm?"}]
    assert str(case.checks.get()) == "contains sorry"


def test_a_new_case_starts_from_the_samples(editor: Client) -> None:
    prompt = make_prompt(content("{{ shop }}", variables=(SHOP,)), slug="other")
    page = editor.get(reverse("admin:prompts_promptcase_add"), {"prompt": prompt.pk}).content.decode()
    assert 'name="variables.shop"' in page
    assert "a shop</textarea>" in page


WORDS = st.text(alphabet="ab .\n{}", max_size=8)


@given(WORDS, WORDS, WORDS)
def test_values_render_to_what_was_sent(shop: str, nick: str, between: str) -> None:
    messages = (
        Message(
            role="user", content=f"A {{{{ shop }}}}{between}|{{{{# nick }}}}{{{{ nick }}}}{{{{/ nick }}}}!"
        ),
    )
    variables = (Variable(name="shop"), NICK)
    if "{{" in between or "}}" in between:
        return
    sent = rendering.render(messages, variables, {"shop": shop, "nick": nick})
    found = values_of(messages, variables, [sent[0].content])
    assert found is not None
    assert rendering.render(messages, variables, found) == sent
