from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from llm.models import ApiKey, Budget
from tests.llm.budgets.cases import make_budget

pytestmark = pytest.mark.django_db


def test_a_budget_says_what_it_is(alice: User) -> None:
    key, _ = ApiKey.objects.issue(user=alice, name="orders-import")
    assert [
        str(make_budget("300", "month")),
        str(make_budget("30", "month", feature="agents")),
        str(make_budget("0.50", "day", user=alice)),
        str(make_budget("1000", "total", key=key)),
    ] == [
        "Everything, a month: $300",
        "Feature agents, a month: $30",
        "User alice, a day: $0.50",
        "Key orders-import, in total: $1,000",
    ]


def test_a_budget_needs_exactly_the_subject_of_its_scope(alice: User) -> None:
    with pytest.raises(ValidationError) as info:
        Budget(scope="user", period="day", limit=5, feature="chat").full_clean()
    assert info.value.message_dict == {
        "user": ["Choose the user that this budget is for."],
        "feature": ["Leave this empty: the budget is for a user, not for one feature."],
    }
    Budget(scope="user", period="day", limit=5, user=alice).full_clean()


@pytest.mark.parametrize(
    "wrong",
    [{"scope": "user"}, {"scope": "feature"}, {"scope": "key"}, {"scope": "everything", "feature": "chat"}],
)
def test_the_database_keeps_to_that_too(wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError):
        Budget.objects.create(period="day", limit=Decimal(5), **wrong)


def test_there_is_one_budget_for_a_subject_and_a_period(alice: User) -> None:
    make_budget(user=alice)
    make_budget("5", "month", user=alice)
    with pytest.raises(ValidationError, match="There is such a budget already"):
        Budget(scope="user", user=alice, period="day", limit=5).full_clean()


@pytest.mark.parametrize("limit", ["0", "-1", "0.001"])
def test_a_limit_is_at_least_a_cent(limit: str) -> None:
    with pytest.raises(ValidationError, match="at least"):
        Budget(scope="everything", period="day", limit=Decimal(limit)).full_clean()
