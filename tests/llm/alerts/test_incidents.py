"""Rules find what they say, an incident is one alert, and it ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from llm.alerts.incidents import watch
from llm.alerts.watching import findings
from llm.models import Alert, AlertRule, Budget, BudgetPeriod
from tests.llm.factories import NOON, make_call

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _no_rules(db: None) -> None:
    AlertRule.objects.all().delete()


def make_rule(kind: str, threshold: str = "0", **values: object) -> AlertRule:
    return AlertRule.objects.create(kind=kind, threshold=Decimal(threshold), **values)


def calls(count: int, **values: object) -> None:
    for _ in range(count):
        make_call(at=NOON - timedelta(minutes=2), **values)  # type: ignore[arg-type]


class TestFindings:
    def test_errors_from_a_share_on(self) -> None:
        calls(18)
        calls(2, outcome="timed_out")
        (found,) = findings(make_rule("errors", "10"), NOON)
        assert found.text == "Parley: 10\N{NO-BREAK SPACE}% of 20 calls failed in the last 15 minutes."
        assert findings(make_rule("errors", "11"), NOON) == []

    def test_few_calls_say_little(self) -> None:
        calls(5, outcome="fault")
        assert findings(make_rule("errors", "10"), NOON) == []

    def test_a_rule_can_be_for_a_feature(self) -> None:
        calls(20, feature="agent", outcome="fault")
        calls(250)
        assert findings(make_rule("errors", "10"), NOON) == []
        assert findings(make_rule("errors", "10", feature="agent"), NOON)[0].subject == "agent"

    def test_what_is_older_does_not_count(self) -> None:
        calls(20, outcome="fault")
        assert findings(make_rule("errors", "10", minutes=1), NOON) == []

    def test_slow_answers(self) -> None:
        calls(18, total_ms=900)
        calls(2, total_ms=41_000)
        (found,) = findings(make_rule("latency", "30"), NOON)
        assert "took 41\N{NO-BREAK SPACE}s or more" in found.text
        assert findings(make_rule("latency", "42"), NOON) == []

    def test_a_spike_is_against_the_same_hour_last_week(self) -> None:
        calls(1, cost=Decimal(6), model="openai:m")
        assert "$6.00 in the last hour, $0" in findings(make_rule("spike", "3"), NOON)[0].text
        make_call(at=NOON - WEEK - timedelta(minutes=5), cost=Decimal(3), model="openai:m")
        assert findings(make_rule("spike", "3"), NOON) == []

    def test_a_provider_that_answers_nothing(self) -> None:
        calls(5, model="openai:m", outcome="unavailable")
        calls(5)
        (found,) = findings(make_rule("down"), NOON)
        assert (found.subject, found.level) == ("openai", "bad")
        calls(1, model="openai:m")
        assert findings(make_rule("down"), NOON) == []

    def test_a_budget_that_will_not_last(self, alice: User) -> None:
        made = NOON - timedelta(days=9)
        budget = Budget.objects.create(scope="user", user=alice, period="day", limit=10, created_at=made)
        BudgetPeriod.objects.create(budget=budget, starts_on=NOON.date(), spent_nano=6 * 10**9)
        (found,) = findings(make_rule("forecast"), NOON)
        assert "on course for $12.00 and will be spent on 22 November, 20:00 UTC" in found.text

    def test_a_model_without_a_price_and_one_that_ends(self) -> None:
        calls(1, model="openai:new", cost=None)
        calls(1, model="openai:gpt-4.1")
        assert [one.subject for one in findings(make_rule("unpriced"), NOON)] == ["openai:new"]
        (found,) = findings(make_rule("ending", "60"), NOON)
        assert found.text == "openai:gpt-4.1 is in use and ends on 14 January 2027."
        assert findings(make_rule("ending", "10"), NOON) == []


class TestIncidents:
    def test_one_incident_is_one_alert_until_it_is_over(self) -> None:
        make_rule("down")
        calls(5, model="openai:m", outcome="unavailable")
        for minute in range(3):
            watch(NOON + timedelta(minutes=minute))
        alert = Alert.objects.get()
        assert (alert.closed_at, alert.subject) == (None, "openai")
        watch(NOON + timedelta(minutes=20))
        alert.refresh_from_db()
        assert alert.closed_at == NOON + timedelta(minutes=20)

    def test_what_happens_again_is_another_alert(self) -> None:
        make_rule("down")
        calls(5, model="openai:m", outcome="unavailable")
        for minutes in (0, 20):
            watch(NOON + timedelta(minutes=minutes))
        for _ in range(5):
            make_call(at=NOON + timedelta(minutes=25), model="openai:m", outcome="unavailable")
        watch(NOON + timedelta(minutes=26))
        assert Alert.objects.count() == 2

    def test_a_rule_that_is_switched_off_ends_its_incident(self) -> None:
        rule = make_rule("down")
        calls(5, model="openai:m", outcome="unavailable")
        watch(NOON)
        AlertRule.objects.filter(pk=rule.pk).update(enabled=False)
        watch(NOON)
        assert Alert.objects.get().closed_at == NOON

    def test_alerts_of_budgets_are_left_alone(self) -> None:
        Alert.objects.create(kind="budget", key="budget:1", text="spent")
        watch(NOON)
        assert Alert.objects.get().closed_at is None
