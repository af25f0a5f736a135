"""What is to be told is told once, survives a dead recipient and a restart, and is signed."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_django import Settings

from llm.alerts import channels, outbox
from llm.models import Alert, AlertDelivery, AlertRule
from tests.llm.factories import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Hook(HTTPServer):
    """A webhook on this machine: `answers` are the next statuses, then 200; keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def hook(settings: Settings) -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        listen(settings, server.url)
        yield server
        server.shutdown()
        thread.join()


def listen(settings: Settings, url: str) -> None:
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_alert_webhook": url})


def make_alert(**values: object) -> Alert:
    return Alert.objects.create(kind="down", key="one", text="openai is down.", opened_at=NOON, **values)


def test_an_alert_is_told_once_however_often_the_clock_ticks(hook: Hook) -> None:
    alert = make_alert()
    assert [outbox.deliver(NOON + MINUTE * tick) for tick in range(3)] == [1, 0, 0]
    ((headers, body),) = hook.got
    said = json.loads(body)
    assert (said["text"], said["event"], said["id"]) == ("openai is down.", "opened", str(alert.pk))
    stamp, signed = headers["X-Parley-Signature"].split(",")
    expected = hmac.new(
        channels.secret().encode(), f"{stamp.removeprefix('t=')}.".encode() + body, hashlib.sha256
    )
    assert signed == f"v1={expected.hexdigest()}"


def test_its_end_is_told_too(hook: Hook) -> None:
    alert = make_alert(rule=AlertRule.objects.create(kind="down"))
    outbox.deliver(NOON)
    Alert.objects.filter(pk=alert.pk).update(closed_at=NOON + MINUTE)
    outbox.deliver(NOON + MINUTE)
    assert [json.loads(body)["text"] for _, body in hook.got] == ["openai is down.", "Over: openai is down."]


def test_a_recipient_that_fails_is_tried_again_later_and_less_often(hook: Hook) -> None:
    make_alert()
    hook.answers = [500, 503]
    assert outbox.deliver(NOON) == 0
    assert outbox.deliver(NOON) == 0
    assert len(hook.got) == 1
    assert outbox.deliver(NOON + MINUTE) == 0
    assert outbox.deliver(NOON + 2 * MINUTE) == 0
    assert outbox.deliver(NOON + 3 * MINUTE) == 1
    delivery = AlertDelivery.objects.get()
    assert (delivery.attempts, delivery.error) == (2, "The webhook answered 503.")
    assert delivery.sent_at == NOON + 3 * MINUTE


def test_nothing_is_lost_while_nobody_listens(settings: Settings, hook: Hook) -> None:
    listen(settings, "http://127.0.0.1:9/hook")
    make_alert()
    outbox.fill(NOON)
    for tick in range(300):
        assert outbox.send(NOON + 5 * MINUTE * tick) == 0
    delivery = AlertDelivery.objects.get()
    assert delivery.sent_at is None
    assert 20 < delivery.attempts < 60
    assert "ConnectError" in delivery.error
    AlertDelivery.objects.update(target=hook.url)
    assert outbox.send(NOON + timedelta(days=3)) == 1


def test_a_decision_outlives_the_process_that_made_it(hook: Hook) -> None:
    make_alert()
    outbox.fill(NOON)  # and the process is killed here
    assert hook.got == []
    assert outbox.deliver(NOON + timedelta(hours=5)) == 1


def test_administrators_get_mail(alice: User) -> None:
    User.objects.create_superuser("dora", email="dora@example.org")
    make_alert(level="bad")
    assert outbox.deliver(NOON) == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["dora@example.org"], "Parley: trouble", "openai is down.")


def test_who_begins_to_listen_is_not_told_of_long_ago(hook: Hook) -> None:
    make_alert()
    assert outbox.deliver(NOON + timedelta(days=8)) == 0


def test_the_lists_say_that_nobody_would_be_told(carol: User, client: Client) -> None:
    client.force_login(carol)
    for name in ("alert", "alertrule"):
        page = f"/admin/llm/{name}/"
        assert "Nobody is told of alerts." in client.get(page).content.decode()
    User.objects.filter(pk=carol.pk).update(email="carol@example.org")
    for name in ("alert", "alertrule"):
        assert "Nobody is told of alerts." not in client.get(f"/admin/llm/{name}/").content.decode()


def test_the_button_says_what_arrived(hook: Hook, carol: User, client: Client) -> None:
    client.force_login(carol)
    User.objects.filter(pk=carol.pk).update(email="carol@example.org")
    hook.answers = [404]
    rule = AlertRule.objects.create(kind="down")
    answer = client.post(
        "/admin/llm/alertrule/", {"action": "send_test", "_selected_action": [rule.pk]}, follow=True
    )
    page = answer.content.decode()
    assert "The webhook answered 404." in page
    assert "carol@example.org: sent" in page
    assert channels.secret() in page
    assert len(mail.outbox) == 1
