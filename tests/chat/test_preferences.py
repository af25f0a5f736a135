import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat import preferences
from chat.models import Preferences

pytestmark = pytest.mark.django_db


def pressed(client: Client, address: str) -> str:
    """Return which of the two ways a page shows as chosen."""
    page = client.get(address).content.decode()
    (way,) = {w for w in ("end", "sentence") if f'value="{w}" aria-pressed="true"' in page}
    return way


def test_a_choice_is_kept_for_the_person_and_shown_on_both_pages(
    alice: User, bob: User, client: Client
) -> None:
    client.force_login(alice)
    assert (pressed(client, "/"), pressed(client, "/account/")) == ("end", "end")
    for way in ("sentence", "sentence", "end", "sentence"):
        assert client.post("/announcements/", {"announce": way}).headers["Location"] == "/account/"
        assert (pressed(client, "/"), pressed(client, "/account/")) == (way, way)
    assert (preferences.announcements(alice), preferences.announcements(bob)) == ("sentence", "end")


@pytest.mark.parametrize("way", ["", "never", "end\0"])
def test_a_way_that_there_is_not_is_refused(way: str, alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.post("/announcements/", {"announce": way}).status_code == 400
    assert not Preferences.objects.exists()


def test_nobody_chooses_without_signing_in(client: Client, db: None) -> None:
    assert client.post("/announcements/", {"announce": "end"}).headers["Location"].startswith("/login/")
    assert client.get("/announcements/").status_code == 405
