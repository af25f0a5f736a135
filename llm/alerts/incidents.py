"""An incident begins when a rule first finds something and ends when it finds it no more: it is one alert."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from llm.alerts.watching import Finding, findings
from llm.models import Alert, AlertRule


def watch(now: datetime | None = None) -> None:
    """Open alerts for new incidents and close those that are over, also of rules that are off."""
    now = now or timezone.now()
    still: set[tuple[int, str]] = set()
    for rule in AlertRule.objects.filter(enabled=True):
        found = findings(rule, now)
        still |= {(rule.pk, finding.subject) for finding in found}
        _open(rule, found, now)
    running = Alert.objects.filter(rule__isnull=False, closed_at=None)
    over = [alert.pk for alert in running if (alert.rule_id, alert.subject) not in still]
    Alert.objects.filter(pk__in=over, closed_at=None).update(closed_at=now)


def _open(rule: AlertRule, found: list[Finding], now: datetime) -> None:
    """What is open already stays as it is: the database lets an incident have one alert."""
    Alert.objects.bulk_create(
        [
            Alert(
                kind=rule.kind,
                key=f"rule:{rule.pk}:{finding.subject}:{now.isoformat()}"[:200],
                level=finding.level,
                text=finding.text,
                rule=rule,
                subject=finding.subject,
                opened_at=now,
            )
            for finding in found
        ],
        ignore_conflicts=True,
    )
