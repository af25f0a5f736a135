"""What can be chosen in the composer, and what it says of the site's models."""

from types import SimpleNamespace

from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from llm.types import Message
from prompts.content import Content
from prompts.models import Prompt
from prompts.service import install_starters, move_label, save_version
from tests.chat.pages import html
from tests.chat.threads import make_conversation


def site(settings: Settings, *chain: str, local_url: str = "") -> None:
    settings.PARLEY = SimpleNamespace(model_chain=chain, parley_local_url=local_url)


def test_prompts_that_need_nothing_can_be_chosen(as_alice: Client) -> None:
    install_starters()
    prompt = Prompt.objects.create(slug="pirate", title="Pirate")
    content = Content(messages=(Message(role="system", content="Arr."),))
    move_label(prompt, "production", save_version(prompt, content, author=None), who=None)
    page = html(as_alice, "/")
    assert '<option value="assistant" selected>Assistant</option>' in page
    assert '<option value="pirate">Pirate</option>' in page
    assert "extract-contact" not in page
    assert 'value="title"' not in page


def test_the_models_of_the_site_can_be_chosen(as_alice: Client, settings: Settings) -> None:
    site(settings, "openai:gpt-5.6-luna", "local:smollm2")
    page = html(as_alice, "/")
    assert '<option value="">Auto (gpt-5.6-luna)</option>' in page
    assert '<option value="local:smollm2">smollm2</option>' in page


def test_the_demo_model_is_called_what_it_is(as_alice: Client, alice: User, settings: Settings) -> None:
    site(settings, "local:smollm2", local_url="http://127.0.0.1:1")
    address = f"/c/{make_conversation(alice).pk}/"
    assert "smollm2, a small demo model on this machine" in html(as_alice, address)
    as_alice.cookies["demo_noted"] = "1"
    assert "small demo model" not in html(as_alice, address)


def test_a_real_provider_needs_no_note(as_alice: Client, alice: User, settings: Settings) -> None:
    site(settings, "openai:gpt-5.6-luna", "local:smollm2")
    page = html(as_alice, f"/c/{make_conversation(alice).pk}/")
    assert "small demo model" not in page
    assert "No model is running" not in page


def test_without_a_model_the_chat_says_which_variable_to_set(
    client: Client, carol: User, as_alice: Client, settings: Settings
) -> None:
    site(settings, "local:smollm2")
    assert "Ask whoever runs Parley" in html(as_alice, "/")
    client.force_login(carol)
    assert "<code>OPENAI_API_KEY</code>" in html(client, "/")
