import pytest
from django.contrib.auth.models import User

from llm.errors import BudgetExceeded
from llm.models import ApiKey
from llm.types import Owner
from tests.llm.budgets.cases import make_budget, reserve, spend

pytestmark = pytest.mark.django_db


def refused(**case: object) -> BudgetExceeded:
    with pytest.raises(BudgetExceeded) as info:
        reserve(**case)  # type: ignore[arg-type]
    return info.value


def test_says_when_today_is_spent(alice: User) -> None:
    make_budget("5", user=alice)
    spend("5", owner=Owner(user_id=alice.pk))
    error = refused(owner=Owner(user_id=alice.pk))
    assert error.sentence == "Today's $5.00 is spent. New answers start again at midnight UTC."
    assert error.retry_after == 12 * 3600


def test_says_when_a_month_of_a_feature_is_spent() -> None:
    make_budget("30", "month", feature="agents")
    spend("30", feature="agents")
    error = refused(feature="agents")
    assert error.sentence == (
        "This month's $30.00 for the feature agents is spent. New answers start again on 1 December."
    )
    assert error.retry_after == 8.5 * 86_400


def test_says_when_a_total_of_a_key_is_spent(alice: User) -> None:
    key, _ = ApiKey.objects.issue(user=alice, name="import")
    make_budget("50", "total", key=key)
    spend("50", owner=Owner(key_id=key.pk))
    error = refused(owner=Owner(key_id=key.pk))
    assert error.sentence == (
        "The whole budget of $50.00 for the key import is spent. "
        "It does not begin anew: ask whoever runs Parley to raise it."
    )
    assert error.retry_after is None


def test_says_when_what_is_left_is_too_little() -> None:
    make_budget("5")
    spend("4.80")
    assert refused(amount="0.50").sentence == (
        "This call may cost up to $0.50, but of today's $5.00 for the whole site only $0.20 is left. "
        "Ask for a shorter answer, or wait. New answers start again at midnight UTC."
    )


def test_says_when_only_running_calls_are_in_the_way() -> None:
    make_budget("5")
    reserve("4.95")
    error = refused()
    assert error.sentence == (
        "Calls that are still running hold the rest of today's $5.00 for the whole site. "
        "Try again in a moment."
    )
    assert error.retry_after == 5


def test_of_several_that_refuse_the_one_that_lasts_longest_speaks() -> None:
    make_budget("5")
    make_budget("5", "month")
    spend("5")
    assert refused().sentence.startswith("This month's")
