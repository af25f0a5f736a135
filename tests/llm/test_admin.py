"""Keys and calls in the admin."""

import re
import uuid

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from llm.models import ApiKey, Call
from llm.models.keys import hashed

ADD = "/admin/llm/apikey/add/"


@pytest.fixture
def admin(carol: User) -> Client:
    client = Client()
    client.force_login(carol)
    return client


def call(**values: object) -> Call:
    return Call.objects.create(
        request_id=uuid.uuid4(),
        feature="extract",
        provider="local",
        model="smollm2",
        outcome="ok",
        **values,
    )


def test_a_new_key_is_shown_once_and_works(admin: Client, alice: User) -> None:
    page = admin.post(ADD, {"user": alice.pk, "name": "laptop"})
    shown = re.search(r"parley_[\w-]+", page.content.decode())
    assert shown
    assert "no-store" in page["Cache-Control"]
    assert ApiKey.objects.get().hash == hashed(shown.group())
    for address in ("/admin/llm/apikey/", f"/admin/llm/apikey/{ApiKey.objects.get().pk}/change/"):
        after = admin.get(address).content.decode()
        assert shown.group() not in after
        assert ApiKey.objects.get().hash not in after


def test_a_key_is_not_put_into_a_message(admin: Client, alice: User) -> None:
    page = admin.post(ADD, {"user": alice.pk, "name": "laptop"})
    assert "messages" not in page.cookies


def test_a_key_is_revoked_by_its_button(admin: Client, alice: User) -> None:
    row, _ = ApiKey.objects.issue(user=alice, name="laptop")
    address = f"/admin/llm/apikey/{row.pk}/change/"
    assert "Revoke this key" in admin.get(address).content.decode()
    data = {"name": "laptop", "expires_at_0": "", "expires_at_1": "", "_revoke": "1"}
    page = admin.post(address, data, follow=True).content.decode()
    assert "Nobody can use it any more" in page
    assert "Revoke this key" not in page
    assert not ApiKey.objects.usable().exists()


def test_keys_are_revoked_by_the_action(admin: Client, alice: User) -> None:
    rows = [ApiKey.objects.issue(user=alice, name=name)[0].pk for name in "ab"]
    data = {"action": "revoke_selected", "_selected_action": rows}
    admin.post("/admin/llm/apikey/", data)
    assert not ApiKey.objects.usable().exists()


def test_staff_make_and_see_keys_for_themselves_alone(alice: User, carol: User) -> None:
    row, _ = ApiKey.objects.issue(user=carol, name="of carol")
    alice.is_staff = True
    alice.save()
    alice.user_permissions.set(Permission.objects.filter(content_type__model="apikey"))
    client = Client()
    client.force_login(alice)
    assert "of carol" not in client.get("/admin/llm/apikey/").content.decode()
    assert client.get(f"/admin/llm/apikey/{row.pk}/change/").status_code == 302
    client.post(ADD, {"user": carol.pk, "name": "stolen"})
    assert not ApiKey.objects.filter(name="stolen").exists()


def test_calls_can_be_read_only(admin: Client) -> None:
    row = call()
    assert admin.get("/admin/llm/call/").status_code == 200
    assert admin.get("/admin/llm/call/add/").status_code == 403
    assert admin.post(f"/admin/llm/call/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    page = admin.get(f"/admin/llm/call/{row.pk}/change/").content.decode()
    assert 'name="_save"' not in page


@pytest.mark.parametrize("form", ["{}", "{.hex}", " {} "])
def test_calls_are_found_by_request_id(admin: Client, form: str) -> None:
    wanted, other = call(), call()
    page = admin.get("/admin/llm/call/", {"q": form.format(wanted.request_id)}).content.decode()
    assert str(wanted.pk) in page
    assert str(other.pk) not in page


def test_calls_are_filtered_and_a_wrong_id_finds_nothing(admin: Client) -> None:
    row = call()
    filtered = admin.get("/admin/llm/call/", {"feature": "extract", "outcome": "ok", "model": "smollm2"})
    assert str(row.pk) in filtered.content.decode()
    assert str(row.pk) not in admin.get("/admin/llm/call/", {"q": "no id"}).content.decode()


def test_an_unknown_cost_is_not_shown_as_zero(admin: Client) -> None:
    call(cost=None)
    assert "unknown" in admin.get("/admin/llm/call/").content.decode()
