"""The outbox: what is to be told is a row before it is tried, and is tried until it was taken.

A message may be told twice, when a process dies between the telling and its note; it is never lost.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from llm.alerts import channels
from llm.alerts.channels import NotTold, Post
from llm.models import Alert, AlertDelivery

logger = logging.getLogger(__name__)

RECENT = timedelta(days=7)  # what began before is not told to who begins to listen now
LONGEST = timedelta(hours=1)  # between two tries
MOST = 200  # messages a round
Event = AlertDelivery.Event


def fill(now: datetime) -> None:
    """Write a row for everything that has happened and everybody who is told."""
    told = channels.recipients()
    opened = Alert.objects.filter(opened_at__gte=now - RECENT)
    closed = Alert.objects.filter(closed_at__gte=now - RECENT, rule__isnull=False)
    AlertDelivery.objects.bulk_create(
        [
            AlertDelivery(alert=alert, event=event, channel=channel, target=target, next_at=now)
            for event, alerts in ((Event.OPENED, opened), (Event.CLOSED, closed))
            for alert in _untold(alerts, event)
            for channel, target in told
        ],
        ignore_conflicts=True,
    )


def send(now: datetime, post: Post = channels.post) -> int:
    """Try what is due, oldest first; returns how many were taken."""
    due = AlertDelivery.objects.filter(sent_at=None, next_at__lte=now).select_related("alert")
    return sum(_try(delivery, now, post) for delivery in due.order_by("pk")[:MOST])


def deliver(now: datetime | None = None) -> int:
    """Fill the outbox and empty it as far as it goes."""
    now = now or timezone.now()
    fill(now)
    return send(now)


def _untold(alerts: QuerySet[Alert], event: str) -> QuerySet[Alert]:
    return alerts.filter(~Exists(AlertDelivery.objects.filter(alert=OuterRef("pk"), event=event)))


def _try(delivery: AlertDelivery, now: datetime, post: Post) -> bool:
    try:
        channels.tell(delivery, now, post)
    except NotTold as error:
        delivery.attempts += 1
        delivery.error = str(error)[:300]
        delivery.next_at = now + min(timedelta(minutes=2 ** min(delivery.attempts - 1, 10)), LONGEST)
        delivery.save(update_fields=["attempts", "error", "next_at"])
        logger.warning(
            "alerts.not_told",
            extra={"delivery": delivery.pk, "channel": delivery.channel, "attempts": delivery.attempts},
        )
        return False
    delivery.sent_at = now
    delivery.save(update_fields=["sent_at"])
    return True
