"""What each kind of rule looks at. A watcher yields a finding for each subject that is in trouble now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from llm import catalog
from llm.amounts import dollars, percent, plural, seconds
from llm.dashboard.purses import purses
from llm.models import Alert, AlertRule
from llm.usage import Figures, Filters, histograms, quantile, summary

SITE = User(is_staff=True)  # who watches sees all
FEW = 20  # calls: fewer say little about a share
DOWN = 5  # calls of a provider, none of which was answered
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
NOTABLE = Decimal(1)  # dollars an hour: less is no spike
Level = Alert.Level
Kind = AlertRule.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a subject, in a sentence."""

    subject: str
    text: str
    level: str = Level.WARN


type Watcher = Callable[[AlertRule, datetime], Iterator[Finding]]


def findings(rule: AlertRule, now: datetime) -> list[Finding]:
    """Return what a rule finds wrong now."""
    return list(WATCHERS[Kind(rule.kind)](rule, now))


def _errors(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    total = _of(rule, now - timedelta(minutes=rule.minutes), now)
    if total.calls >= FEW and total.errors * 100 >= rule.threshold * total.calls:
        share = percent(total.errors, total.calls)
        yield Finding(
            subject=_name(rule),
            text=f"{_name(rule)}: {share} of {plural(total.calls, 'call')} failed in {_lately(rule)}.",
            level=Level.BAD,
        )


def _latency(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    since = now - timedelta(minutes=rule.minutes)
    filters = Filters(feature=rule.feature)
    found = histograms(SITE, since=since, until=now, filters=filters, of=("total",))
    waits = found["total"].get((), Counter())
    slow = quantile(waits)
    if waits.total() >= FEW and slow is not None and slow >= rule.threshold * 1000:
        text = f"{_name(rule)}: one answer in twenty took {seconds(slow)} or more in {_lately(rule)}."
        yield Finding(subject=_name(rule), text=text)


def _spike(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    lately = _of(rule, now - HOUR, now).known_cost
    usual = _of(rule, now - HOUR - WEEK, now - WEEK).known_cost
    if lately >= NOTABLE and lately >= rule.threshold * usual:
        text = (
            f"{_name(rule)} cost {dollars(lately)} in the last hour, {dollars(usual)} in that of last week."
        )
        yield Finding(subject=_name(rule), text=text)


def _down(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    since = now - timedelta(minutes=rule.minutes)
    for (provider,), figures in _by(rule, since, now, "provider").items():
        if figures.calls >= DOWN and figures.errors == figures.calls:
            text = f"{provider} has answered none of {plural(figures.calls, 'call')} in {_lately(rule)}."
            yield Finding(subject=provider, text=text, level=Level.BAD)


def _forecast(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    for purse in purses(SITE, now):
        if purse.full_at and purse.forecast is not None:
            text = (
                f"{purse.budget} is on course for {dollars(purse.forecast)} "
                f"and will be spent on {purse.full_at:%d %B, %H:%M} UTC."
            )
            yield Finding(subject=str(purse.budget.pk), text=text)


def _unpriced(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    since = now - timedelta(minutes=rule.minutes)
    for (model,), figures in _by(rule, since, now, "model").items():
        if figures.unpriced_calls:
            text = f"{model} has no known price: what it costs is missing from every total and budget."
            yield Finding(subject=model, text=text)


def _ending(rule: AlertRule, now: datetime) -> Iterator[Finding]:
    since = now - timedelta(minutes=rule.minutes)
    for (model,) in _by(rule, since, now, "model"):
        ends = catalog.card(model).ends
        if ends and (ends - now.date()).days <= rule.threshold:
            yield Finding(subject=model, text=f"{model} is in use and ends on {ends:%d %B %Y}.")


WATCHERS: dict[AlertRule.Kind, Watcher] = {
    Kind.ERRORS: _errors,
    Kind.LATENCY: _latency,
    Kind.SPIKE: _spike,
    Kind.DOWN: _down,
    Kind.FORECAST: _forecast,
    Kind.UNPRICED: _unpriced,
    Kind.ENDING: _ending,
}


def _of(rule: AlertRule, since: datetime, until: datetime) -> Figures:
    return summary(SITE, since=since, until=until, filters=Filters(feature=rule.feature)).total


def _by(rule: AlertRule, since: datetime, until: datetime, key: str) -> dict[tuple[str, ...], Figures]:
    found = summary(SITE, since=since, until=until, by=(key,), filters=Filters(feature=rule.feature))
    return found.folded(key)


def _name(rule: AlertRule) -> str:
    return rule.feature or "Parley"


def _lately(rule: AlertRule) -> str:
    return f"the last {plural(rule.minutes, 'minute')}"
