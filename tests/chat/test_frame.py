"""What stands around the chat on every page: its top line, its policy, and the pages without a chat."""

from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from tests.chat.pages import html
from tests.chat.threads import make_conversation


def test_places_for_staff_are_shown_to_staff(client: Client, alice: User, carol: User) -> None:
    for person, shown in ((alice, False), (carol, True)):
        client.force_login(person)
        page = html(client, "/")
        for address in ("/providers/", "/admin/", "/admin/prompts/prompt/"):
            assert (f'href="{address}"' in page) == shown


class Inline(HTMLParser):
    """Collects what a strict Content-Security-Policy would block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("address", ["/", "/password/", "/password/done/", "/nothing/", "/c/{}/"])
def test_no_page_has_a_script_or_a_style_of_its_own(as_alice: Client, alice: User, address: str) -> None:
    conversation = make_conversation(alice, "Hello", "| a |\n|--:|\n| 1 |")
    page = as_alice.get(address.format(conversation.pk)).content.decode()
    assert Inline(page).found == []


def test_only_named_policies_make_html_on_the_pages_of_the_chat(
    as_alice: Client, client: Client, alice: User, carol: User
) -> None:
    policy = as_alice.get("/")["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'; trusted-types dompurify parley" in policy
    assert "unsafe" not in policy
    client.force_login(carol)
    assert "trusted-types" not in client.get("/admin/")["Content-Security-Policy"]


def test_the_sign_in_page_says_what_to_check(client: Client, alice: User) -> None:
    assert "<h1>Sign in</h1>" in html(client, "/login/")
    response = client.post("/login/", {"username": "alice", "password": "wrong"})
    assert "The name and the password do not match." in response.content.decode()


def test_signing_in_leads_where_one_wanted_to_go(client: Client, alice: User) -> None:
    page = html(client, "/login/?next=/usage/")
    assert '<input type="hidden" name="next" value="/usage/">' in page
    response = client.post(
        "/login/", {"username": "alice", "password": "alice's password", "next": "/usage/"}
    )
    assert response["Location"] == "/usage/"


def test_the_form_of_someone_else_is_refused_in_words(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    response = strict.post("/c/")
    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()


def test_an_unknown_address_says_so(client: Client) -> None:
    page = html(client, "/nothing/here/", status=404)
    assert "There is nothing at this address" in page


def test_the_page_for_a_fault_needs_nothing() -> None:
    response = server_error(RequestFactory().get("/"))
    assert (response.status_code, b"This page could not be made" in response.content) == (500, True)


def test_the_admin_has_the_top_line_of_the_site(client: Client, carol: User) -> None:
    client.force_login(carol)
    page = html(client, "/admin/")
    assert '<a href="/admin/" aria-current="page">Admin</a>' in page
    assert "/static/admin.css" in page
