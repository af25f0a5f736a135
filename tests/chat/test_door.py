"""Readers whose key was revoked, or whose session has ended, are shown out."""

import uuid
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from chat import door, events
from chat.door import Pass
from chat.keeper import Keeper, Pace
from chat.models import Conversation
from config.personal.erasing import erase
from llm.models import ApiKey
from llm.providers.scripted import say
from tests.chat.conftest import Tab, question, use_model, with_key
from tests.chat.queries import counted

pytestmark = pytest.mark.django_db(transaction=True)


def with_session(client: Client, origin: str = "http://127.0.0.1:8000") -> list[tuple[bytes, bytes]]:
    """Return the headers of a page in a browser that is signed in."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    return [(b"cookie", cookie.encode()), (b"origin", origin.encode()), (b"host", b"127.0.0.1:8000")]


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
async def page(talk: Conversation, browser: Client) -> Tab:
    """A page of Alice's, by her session."""
    page = Tab(talk.pk, with_session(browser))
    assert (await page.open())["type"] == "state"
    return page


def signs_out(alice: User, browser: Client) -> None:
    browser.logout()


def changes_the_password(alice: User, browser: Client) -> None:
    alice.set_password("another one")
    alice.save()


def is_deactivated(alice: User, browser: Client) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)


def lets_the_session_expire(alice: User, browser: Client) -> None:
    Session.objects.update(expire_date="2026-01-01T00:00Z")


def is_erased(alice: User, browser: Client) -> None:
    erase(alice)


@pytest.mark.parametrize(
    "what", [signs_out, changes_the_password, is_deactivated, lets_the_session_expire, is_erased]
)
async def test_a_socket_closes_and_does_not_open_again_when_its_person(
    alice: User, browser: Client, page: Tab, what: Callable[[User, Client], None]
) -> None:
    await door.check()
    use_model("Still here.")
    await page.send(**question())
    await page.until("end")
    await sync_to_async(what)(alice, browser)
    await Keeper(Pace(passes=0)).round()
    assert await page.closed_with() == 1012
    assert (await page.open())["code"] == "unauthenticated"
    assert await page.closed_with() == 4401


async def test_who_changes_the_password_goes_on_and_every_other_session_ends(
    talk: Conversation, alice: User, browser: Client, page: Tab
) -> None:
    elsewhere = Client()
    await elsewhere.aforce_login(alice)
    away = Tab(talk.pk, with_session(elsewhere))
    await away.open()
    fresh = "quite another one"
    form = {"old_password": "alice's password", "new_password1": fresh, "new_password2": fresh}
    changed = await sync_to_async(browser.post)("/password/", form)
    assert changed.status_code == 302
    await door.check()
    for tab, client, told in ((page, browser, "state"), (away, elsewhere, "error")):
        assert await tab.closed_with() == 1012
        tab.headers = with_session(client)
        assert (await tab.open())["type"] == told
    assert await away.closed_with() == 4401
    await page.close()


async def test_a_revoked_key_closes_its_socket_and_no_other(tab: Tab, page: Tab, alice: User) -> None:
    await sync_to_async(lambda: ApiKey.objects.get().revoke())()
    await door.check()
    assert (await tab.next())["code"] == "unauthenticated"
    assert await tab.closed_with() == 4401
    await page.send(type="stop", generation=uuid.uuid4())
    assert (await page.next())["code"] == "not_found"
    await page.close()


async def test_a_revoked_key_ends_its_stream_of_events(talk: Conversation, alice: User) -> None:
    use_model(say("One", pause=60))
    row, _ = await sync_to_async(lambda: ApiKey.objects.issue(user=alice, name="test"))()
    tab = Tab(talk.pk, await sync_to_async(with_key)(alice))
    await tab.open()
    await tab.send(**question())
    generation = uuid.UUID((await tab.until("start"))["generation"])
    body = events.stream(Pass.of(alice, row.pk, None), talk.pk, generation, 0, silence=0.01)
    assert await anext(body) == events.COMMENT
    await sync_to_async(row.revoke)()
    await door.check()
    assert [event async for event in body if event != events.COMMENT] == []
    await tab.close()


async def test_however_many_are_inside_the_look_at_their_passes_costs_three_queries(
    talk: Conversation, alice: User, browser: Client
) -> None:
    headers = [with_session(browser), await sync_to_async(with_key)(alice)]
    tabs = [Tab(talk.pk, headers[number % 2]) for number in range(8)]
    for tab in tabs:
        await tab.open()
    async with counted() as queries:
        await door.check()
        assert queries.total == 3
        for tab in tabs:
            await tab.close()
        await door.check()
        assert queries.total == 3


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8001", "https://127.0.0.1:8000", "null", ""])
async def test_a_page_of_another_site_cannot_use_the_session(
    talk: Conversation, browser: Client, origin: str
) -> None:
    foreign = Tab(talk.pk, with_session(browser, origin))
    assert (await foreign.open())["code"] == "unauthenticated"
    assert await foreign.closed_with() == 4401
