"""Rolled days say to the last digit what the calls themselves say, whatever is written late or changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from llm.models import ApiKey, Call, CallDay, RolledDay, StaleDay
from llm.usage import KEYS, Figures, Filters, histograms, summary
from llm.usage.rolling import roll_day, roll_up
from tests.llm.factories import NOON, made_up, make_call, make_hit

DAY = timedelta(days=1)
SINCE, UNTIL = NOON - 29 * DAY, NOON + 3 * timedelta(hours=1)
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'llm_call'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'llm_call'::regclass AND NOT tgisinternal",
}


def counted() -> Figures:
    """What the calls come to, added up here, one by one."""
    found = Figures()
    for call in Call.objects.filter(created_at__gte=SINCE, created_at__lt=UNTIL):
        used = not call.cached
        found += Figures(
            calls=int(used),
            errors=int(used and call.outcome not in {"ok", "stopped"}),
            cached_calls=int(call.cached),
            unpriced_calls=int(used and call.cost is None and bool(call.input_tokens + call.output_tokens)),
            input_tokens=call.input_tokens * used,
            output_tokens=call.output_tokens * used,
            cached_tokens=call.cached_tokens * used,
            reasoning_tokens=call.reasoning_tokens * used,
            known_cost=call.cost or Decimal(0),
            saved=call.saved or Decimal(0),
        )
    return found


def everything(viewer: User, filters: Filters | None = None) -> list[object]:
    """Every slice by one and two keys, and both histograms."""
    slices = [by for count in (0, 1, 2) for by in combinations(KEYS, count)]
    return [
        *(summary(viewer, since=SINCE, until=UNTIL, by=by, filters=filters) for by in slices),
        histograms(viewer, "feature", since=SINCE, until=UNTIL, filters=filters),
    ]


def test_every_slice_is_the_same_from_rolled_days(alice: User, bob: User, carol: User) -> None:
    made_up([alice, bob, None], 3)
    key = ApiKey.objects.filter(user=alice).get()
    asked = [
        (carol, None),
        (alice, None),
        (carol, Filters(user="alice")),
        (carol, Filters(key=str(key.pk), feature="chat")),
        (carol, Filters(model="openai:m", prompt="assistant", prompt_version="2")),
    ]
    before = [everything(*question) for question in asked]
    assert roll_up(NOON + DAY)
    assert not StaleDay.objects.exists()
    assert [everything(*question) for question in asked] == before


def test_no_call_of_a_rolled_day_is_read(
    carol: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_call(at=NOON - 5 * DAY)
    roll_up(NOON)
    Call.objects.all()._raw_delete("default")
    StaleDay.objects.all().delete()
    with django_assert_num_queries(2):
        since, until = NOON.replace(hour=0) - 10 * DAY, NOON.replace(hour=0) - 5 * DAY
        assert summary(carol, since=since, until=until).total.calls == 0
    assert summary(carol, since=SINCE, until=UNTIL).total.calls == 1


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "hit", "change", "move", "remove", "forget", "roll"]), st.integers(0, 4 * 24)
    ),
    max_size=14,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_what_is_written_late_or_changed_is_never_missed(
    alice: User, carol: User, changes: list[tuple[str, int]]
) -> None:
    Call.objects.all().delete()
    for kind, hours in changes:
        _change(kind, NOON - timedelta(hours=hours), alice)
        assert summary(carol, since=SINCE, until=UNTIL).total == counted()
        assert summary(carol, since=SINCE, until=UNTIL, by=("user", "day")).total == counted()


def _change(kind: str, at: datetime, alice: User) -> None:
    near = Call.objects.filter(created_at__gte=at)
    match kind:
        case "add":
            make_call(alice, at=at, cost=Decimal("0.000000007") * at.hour, cached_tokens=3, saved=None)
        case "hit":
            make_hit(alice, at=at, cost=Decimal(0), saved=Decimal("0.01"))
        case "change":
            near.update(cost=Decimal("0.1"), output_tokens=5)
        case "move":
            near.update(created_at=at - DAY)
        case "remove":
            near.delete()
        case "forget":
            near.update(user=None)
        case "roll":
            roll_up(NOON + DAY)


def test_hours_of_the_running_day_are_read_as_rolled(carol: User) -> None:
    for hours in (1, 3, 5):
        make_call(at=NOON - timedelta(hours=hours))
    roll_up(NOON)
    before = everything(carol)
    Call.objects.filter(created_at__lt=NOON - timedelta(hours=2))._raw_delete("default")
    StaleDay.objects.all().delete()
    assert everything(carol) != before  # by people it is read call by call
    hourly = summary(carol, since=SINCE, until=UNTIL, by=("hour", "feature"))
    assert [row.keys["hour"][11:13] for row in hourly.rows] == ["07", "09", "11"]
    assert summary(carol, since=NOON - timedelta(hours=4), until=UNTIL, by=("day",)).total.calls == 2


def test_a_deleted_person_leaves_the_amounts(alice: User, carol: User) -> None:
    make_call(alice, at=NOON - 3 * DAY, cost=Decimal("0.5"))
    roll_up(NOON)
    alice.delete()
    assert summary(carol, since=SINCE, until=UNTIL).total.cost == Decimal("0.5")
    roll_up(NOON)
    assert summary(carol, since=SINCE, until=UNTIL, by=("user",)).rows[0].keys == {"user": None}


@pytest.mark.django_db
def test_the_running_hour_is_not_rolled_up_and_costs_no_note() -> None:
    now = datetime.now(UTC)
    make_call(at=now)
    roll_up(now)
    assert not CallDay.objects.exists()
    assert not StaleDay.objects.exists()


@pytest.mark.django_db
def test_a_day_waits_for_what_was_written_at_its_end() -> None:
    make_call(at=datetime(2026, 11, 20, 23, 59, tzinfo=UTC))
    roll_up(datetime(2026, 11, 21, 0, 9, tzinfo=UTC))
    assert RolledDay.objects.get().hours == 23
    roll_up(datetime(2026, 11, 21, 0, 11, tzinfo=UTC))
    assert RolledDay.objects.get().hours == 24


@pytest.mark.django_db
def test_only_what_changed_is_rolled_up_again() -> None:
    for back in range(3):
        make_call(at=NOON - back * DAY)
    assert len(roll_up(NOON + DAY)) == 4  # the running day too, as far as it is over
    make_call(at=NOON - DAY)
    assert roll_up(NOON + DAY) == [(NOON - DAY).date()]
    assert roll_up(NOON + DAY) == []
    assert RolledDay.objects.count() == 4


@pytest.mark.django_db
def test_days_without_a_call_are_rolled_up_to_nothing() -> None:
    make_call(at=NOON - 4 * DAY)
    assert len(roll_up(NOON)) == 5
    assert set(CallDay.objects.values_list("day", flat=True)) == {(NOON - 4 * DAY).date()}


@pytest.mark.django_db
def test_rolling_a_day_twice_changes_nothing() -> None:
    make_call()
    for _ in range(2):
        roll_day(NOON.date(), NOON + DAY)
        rows = CallDay.objects.order_by("everyone", "hour").values_list("everyone", "hour", "calls")
        assert sorted(rows, key=str) == [(False, None, 1), (True, 12, 1), (True, None, 1)]


@pytest.mark.django_db
def test_the_triggers_survived_every_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor])
        names = {row[0] for row in cursor.fetchall()}
    assert {"llm_call_added", "llm_call_changed", "llm_call_removed"} <= names
