"""How an alert is told: by e-mail, and by a signed webhook that Slack understands, too.

The signature is HMAC-SHA256 over `TIMESTAMP.BODY`, in hex, with the secret that the admin shows:
`X-Parley-Signature: t=TIMESTAMP,v1=SIGNATURE`. A receiver that checks the time as well cannot be fooled by a
copy of an old message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx2
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.utils.crypto import salted_hmac

from llm.models import Alert, AlertDelivery

TIMEOUT = 10.0  # seconds for a webhook

type Post = Callable[[str, bytes, dict[str, str]], int]


class NotTold(Exception):
    """A recipient could not be reached; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told."""

    subject: str
    text: str


def recipients() -> list[tuple[str, str]]:
    """Return channel and target of everybody who is told: the webhook, and administrators with an address."""
    webhook = settings.PARLEY.parley_alert_webhook
    mails = User.objects.filter(is_active=True, is_superuser=True).exclude(email="")
    addresses = mails.order_by("pk").values_list("email", flat=True)
    hooks = [(AlertDelivery.Channel.WEBHOOK.value, webhook)] if webhook else []
    return [*hooks, *((AlertDelivery.Channel.EMAIL.value, address) for address in addresses)]


def message(alert: Alert, event: str) -> Message:
    """Return an alert, or that it is over, in words."""
    if event == AlertDelivery.Event.CLOSED:
        return Message(subject="Parley: over", text=f"Over: {alert.text}")
    trouble = "Parley: trouble" if alert.level == Alert.Level.BAD else "Parley: warning"
    return Message(subject=trouble, text=alert.text)


def secret() -> str:
    """Return the key of webhook signatures: made of SECRET_KEY, and of use for nothing else."""
    return salted_hmac("llm.alerts.webhook", "secret", algorithm="sha256").hexdigest()


def signature(body: bytes, at: int, key: str) -> str:
    """Return the signature of a body sent at a time in seconds."""
    signed = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def tell(delivery: AlertDelivery, now: datetime, post: Post) -> None:
    """Hand a message over; raises NotTold."""
    said = message(delivery.alert, delivery.event)
    if delivery.channel == AlertDelivery.Channel.EMAIL:
        _mail(said, delivery.target)
    else:
        _webhook(delivery, said, now, post)


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a body and return the status; raises NotTold."""
    try:
        return httpx2.post(url, content=body, headers=headers, timeout=TIMEOUT).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NotTold(f"{type(error).__name__}: {error}") from error


def _mail(said: Message, address: str) -> None:
    try:
        send_mail(said.subject, said.text, None, [address])
    except OSError as error:
        raise NotTold(f"{type(error).__name__}: {error}") from error


def _webhook(delivery: AlertDelivery, said: Message, now: datetime, post: Post) -> None:
    alert = delivery.alert
    body = json.dumps(
        {
            "text": said.text,
            "id": str(alert.pk),
            "event": delivery.event,
            "kind": alert.kind,
            "level": alert.level,
            "opened_at": alert.opened_at.isoformat(),
            "closed_at": alert.closed_at and alert.closed_at.isoformat(),
        }
    ).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Parley-Signature": signature(body, int(now.timestamp()), secret()),
    }
    status = post(delivery.target, body, headers)
    if not 200 <= status < 300:
        raise NotTold(f"The webhook answered {status}.")
