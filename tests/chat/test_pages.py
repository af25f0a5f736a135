"""The chat's pages as a browser without JavaScript gets them."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.utils import timezone

from chat.models import Conversation, Feedback
from tests.chat.pages import html
from tests.chat.threads import add_answer, make_conversation


def item(page: str, message: Any) -> str:
    """The element of one message, as the page holds it."""
    begin = page.index(f'id="m-{message.pk}"')
    begin = page.rindex("<li", 0, begin)
    return page[begin : page.index("\n</li>", begin) + len("\n</li>")]


def addresses(conversation: Conversation) -> list[tuple[str, str]]:
    at = f"/c/{conversation.pk}/"
    message = conversation.messages.first()
    assert message
    return [
        ("get", at),
        ("get", f"{at}messages/{message.pk}/"),
        ("get", f"{at}export.md"),
        ("get", f"{at}export.json"),
        ("post", f"{at}messages/{message.pk}/rate/"),
        ("post", f"{at}ask/"),
        ("post", f"{at}restore/"),
        ("post", f"{at}rename/"),
        ("post", f"{at}pin/"),
        ("post", f"{at}delete/"),
    ]


def test_every_page_asks_strangers_to_sign_in(client: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    for method, address in [("get", "/"), ("get", "/c/"), ("post", "/c/"), *addresses(conversation)]:
        response = getattr(client, method)(address)
        assert response["Location"] == f"/login/?next={address}"


def test_what_belongs_to_someone_else_is_not_there(as_alice: Client, bob: User) -> None:
    conversation = make_conversation(bob, "Hello", title="his", pinned=False)
    for method, address in addresses(conversation):
        assert getattr(as_alice, method)(address, {"title": "hers"}).status_code == 404
    conversation.refresh_from_db()
    assert (conversation.title, conversation.pinned, conversation.deleted_at) == ("his", False, None)


def test_a_message_of_another_conversation_is_not_there(as_alice: Client, alice: User) -> None:
    one, other = make_conversation(alice, "Hello"), make_conversation(alice, "Elsewhere")
    html(as_alice, f"/c/{one.pk}/messages/{other.messages.get().pk}/", status=404)
    html(as_alice, f"/c/{one.pk}/messages/{uuid.uuid4()}/", status=404)


def test_the_empty_chat_offers_ways_to_begin(as_alice: Client) -> None:
    page = html(as_alice, "/")
    assert "What can Parley do for you?" in page
    assert 'class="starters"' in page


def test_a_starter_fills_the_field_without_javascript(as_alice: Client) -> None:
    assert ">Write &lt;this&gt;</textarea>" in html(as_alice, "/?text=Write%20%3Cthis%3E")


def test_a_conversation_shows_what_was_said(as_alice: Client, alice: User) -> None:
    page = html(as_alice, f"/c/{make_conversation(alice, 'Is <b> ok?', '**Yes**', title='Tags').pk}/")
    assert '<h1 id="title" dir="auto">Tags</h1>' in page
    assert '<div class="said" dir="auto">Is &lt;b&gt; ok?</div>' in page
    assert "<strong>Yes</strong>" in page


def test_the_fragment_is_what_the_page_shows(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "**Hi**\n\n```py\nx\n```")
    add_answer(conversation, "", status="error", error_code="unavailable", error_text="Nobody is there.")
    page = html(as_alice, f"/c/{conversation.pk}/")
    for message in (conversation.messages.first(), conversation.messages.last()):
        assert message
        fragment = html(as_alice, f"/c/{conversation.pk}/messages/{message.pk}/")
        assert item(fragment, message) == item(page, message)


def test_an_answer_says_what_it_was_made_of(as_alice: Client, alice: User) -> None:
    page = html(as_alice, f"/c/{make_conversation(alice, 'Hello', 'Hi').pk}/")
    for fact in (
        "assistant v3",
        ">smollm2<",
        ">148 tokens<",
        "<li>free</li>",
        "0.21\u00a0s to first, 1.8",
    ):
        assert fact in page


def test_a_cost_that_nobody_knows_is_unknown(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "Hi", cost=None)
    assert "<li>cost unknown</li>" in html(as_alice, f"/c/{conversation.pk}/")


NOTHING: dict[str, Any] = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cost": None,
    "first_token_ms": None,
    "total_ms": None,
}


def test_of_an_answer_whose_process_died_nobody_knows_the_tokens(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "It", status="interrupted", **NOTHING)
    page = html(as_alice, f"/c/{conversation.pk}/")
    assert ">0 tokens<" not in page
    assert "<li>cost unknown</li>" in page


def test_an_answer_that_broke_off_can_go_on_and_says_what_it_took(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    answer = add_answer(conversation, "It", status="error", error_text="The answer broke off.")
    page = html(as_alice, f"/c/{conversation.pk}/")
    assert f'data-again="{answer.pk}" data-continue' in page
    assert ">148 tokens<" in page


def test_an_answer_that_never_began_has_nothing_to_go_on_from(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "", status="error", error_text="No model can answer right now.", **NOTHING)
    page = html(as_alice, f"/c/{conversation.pk}/")
    assert "data-continue" not in page
    assert " tokens<" not in page


@pytest.mark.parametrize(
    ("status", "facts", "words"),
    [
        ("stopped", {}, "You stopped this answer. 36 tokens of it were written."),
        ("stopped", {"output_tokens": 1, "estimated": True}, "About 1 token of it was written."),
        ("interrupted", {}, "The server stopped while this was written."),
        ("length", {}, "The answer reached the longest that is allowed and ends here."),
        ("error", {"error_text": "No model can answer right now."}, "No model can answer right now."),
    ],
)
def test_an_answer_without_its_end_says_why(
    as_alice: Client, alice: User, status: str, facts: dict[str, Any], words: str
) -> None:
    conversation = make_conversation(alice, "Hello")
    answer = add_answer(conversation, "It is", status=status, **facts)
    page = html(as_alice, f"/c/{conversation.pk}/")
    assert words in page
    assert f'data-again="{answer.pk}"' in page


def test_an_answer_being_written_is_plain_text_that_a_script_takes_on(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    answer = add_answer(conversation, "", status="streaming", flushes=("**Hi", " <b>"))
    page = item(html(as_alice, f"/c/{conversation.pk}/"), answer)
    assert '<div class="prose raw" dir="auto">**Hi &lt;b&gt;<span class="caret"></span></div>' in page
    assert f'data-generation="{answer.generation.pk}" data-seq="2" aria-busy="true"' in page


def test_opening_a_conversation_reads_it(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi")
    html(as_alice, f"/c/{conversation.pk}/")
    before = conversation.read_at
    conversation.refresh_from_db()
    assert conversation.read_at > before


def test_a_script_begins_a_conversation(as_alice: Client, alice: User) -> None:
    response = as_alice.post("/c/", headers={"accept": "application/json"})
    made = Conversation.objects.get(owner=alice)
    assert (response.status_code, response.json()) == (201, {"id": str(made.pk), "url": f"/c/{made.pk}/"})


def test_a_form_begins_a_conversation(as_alice: Client, alice: User) -> None:
    response = as_alice.post("/c/")
    assert response["Location"] == f"/c/{Conversation.objects.get(owner=alice).pk}/"


def test_rename_pin_and_delete(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    at = f"/c/{conversation.pk}/"
    as_alice.post(f"{at}rename/", {"title": "  Better  "})
    as_alice.post(f"{at}pin/")
    conversation.refresh_from_db()
    assert (conversation.title, conversation.pinned) == ("Better", True)
    deleted = as_alice.post(f"{at}delete/")["Location"]
    html(as_alice, at, status=404)
    assert f'action="{at}restore/"' in html(as_alice, deleted)
    assert as_alice.post(f"{at}restore/")["Location"] == at
    html(as_alice, at)


def test_what_was_deleted_long_ago_stays_away(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", deleted_at=timezone.now() - timedelta(hours=2))
    assert as_alice.post(f"/c/{conversation.pk}/restore/").status_code == 404
    assert 'id="deleted"' not in html(as_alice, f"/?deleted={conversation.pk}")


def test_every_version_of_a_message_has_an_address(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "First answer")
    first = conversation.messages.last()
    assert first
    second = add_answer(conversation, "Second answer")
    newest, older = html(as_alice, f"/c/{conversation.pk}/"), f"/c/{conversation.pk}/?leaf={first.pk}"
    assert "Second answer" in newest
    assert "First answer" not in newest
    assert f'href="{older}"' in newest
    assert "<span>2 / 2</span>" in newest
    page = html(as_alice, older)
    assert "First answer" in page
    assert f'href="/c/{conversation.pk}/?leaf={second.pk}"' in page


def test_a_thumb_and_its_note_are_kept_and_taken_back(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi")
    answer = conversation.messages.get(role="assistant")
    at = f"/c/{conversation.pk}/messages/{answer.pk}/rate/"
    as_alice.post(at, {"value": "-1", "note": " Too short. "})
    kept = Feedback.objects.get(message=answer)
    assert (kept.value, kept.note) == (-1, "Too short.")
    page = html(as_alice, f"/c/{conversation.pk}/")
    assert 'data-rate="-1" aria-pressed="true"' in page
    assert as_alice.post(at, {"value": "0"}, headers={"accept": "application/json"}).status_code == 204
    assert not Feedback.objects.exists()


def test_a_question_has_no_thumbs(as_alice: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    at = f"/c/{conversation.pk}/messages/{conversation.messages.get().pk}/rate/"
    assert as_alice.post(at, {"value": "1"}).status_code == 404


async def streamed(client: AsyncClient, address: str) -> str:
    response = await client.get(address)
    assert response.status_code == 200
    assert "attachment; filename=" in response["Content-Disposition"]
    return b"".join([piece async for piece in response]).decode()  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
async def test_a_conversation_is_exported_as_it_is_shown_or_whole(
    async_client: AsyncClient, alice: User
) -> None:
    await async_client.aforce_login(alice)
    conversation = await sync_to_async(make_conversation)(alice, "Hello", "One", title="Über alles")
    await sync_to_async(add_answer)(conversation, "Two", status="stopped")
    at = f"/c/{conversation.pk}/export"
    markdown = await streamed(async_client, f"{at}.md")
    assert markdown.startswith("# Über alles\n\n## You\n\nHello\n")
    assert "## Answer, assistant v3, local:smollm2, $0, stopped\n\nTwo" in markdown
    assert "One" not in markdown
    whole = json.loads(await streamed(async_client, f"{at}.json"))
    assert [message["content"] for message in whole["messages"]] == ["Hello", "One", "Two"]
    assert whole["messages"][1]["usage"]["output_tokens"] == 36
    assert whole["messages"][1]["prompt_version"] == 3


def test_the_list_can_be_fetched_and_searched(as_alice: Client, alice: User) -> None:
    current = make_conversation(alice, title="Invoice totals")
    make_conversation(alice, title="Release notes")
    listing = html(as_alice, f"/c/?q=INVOICE&current={current.pk}")
    assert f'href="/c/{current.pk}/" aria-current="page"' in listing
    assert "Release notes" not in listing
    assert "<html" not in listing


def test_the_list_leads_to_older_ones(as_alice: Client, alice: User) -> None:
    for number in range(51):
        make_conversation(alice, title=f"Chat {number}")
    page = html(as_alice, "/c/")
    assert "Chat 0<" not in page
    before = page.split("?before=")[1].split('"')[0]
    assert "Chat 0<" in html(as_alice, f"/?before={before}")


@pytest.mark.parametrize("query", ["before=x", "current=x", "before=" + str(uuid.UUID(int=1)), "q=%00"])
def test_a_query_that_makes_no_sense_does_no_harm(as_alice: Client, query: str) -> None:
    html(as_alice, f"/c/?{query}")
