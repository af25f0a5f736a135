"""Whole hours and days until now, and the same stretch before."""

from datetime import UTC, datetime, timedelta

import pytest

from llm.dashboard.period import NAMES, period

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(("name", "count"), [("24h", 24), ("7d", 7), ("30d", 30), ("month", 30)])
def test_has_a_start_an_hour_or_day(name: str, count: int) -> None:
    found = period(name, NOW)
    assert len(found.starts) == count
    assert found.until == NOW


@pytest.mark.parametrize("name", ["24h", "7d", "30d"])
def test_the_time_before_is_as_long_and_ends_at_the_same_hour(name: str) -> None:
    found = period(name, NOW)
    since, until = found.before
    assert until - since == found.until - found.since
    assert until == NOW - len(found.starts) * (found.starts[1] - found.starts[0])


def test_hours_begin_on_the_hour() -> None:
    found = period("24h", NOW)
    assert found.since == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert found.keys[-1] == "2026-11-22T14:00:00Z"
    assert found.dates == "since 21 November, 15:00"


def test_days_say_from_when_to_when() -> None:
    assert period("30d", NOW).dates == "24 October to 22 November"
    assert period("7d", NOW).dates == "16 to 22 November"
    assert period("7d", datetime(2027, 1, 2, tzinfo=UTC)).dates == "27 December 2026 to 2 January 2027"


def test_a_month_shows_its_days_to_come_and_looks_back_at_the_same_days() -> None:
    found = period("month", NOW)
    assert (found.keys[0], found.keys[-1]) == ("2026-11-01", "2026-11-30")
    assert found.before == (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 22, 14, 30, tzinfo=UTC))
    assert found.before_words == "the same days of October"


def test_a_shorter_month_before_ends_where_this_one_begins() -> None:
    found = period("month", datetime(2027, 3, 31, 12, tzinfo=UTC))
    assert found.before == (datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))


def test_an_unknown_name_is_thirty_days() -> None:
    assert period("for ever", NOW) == period("30d", NOW)


@pytest.mark.parametrize("name", NAMES)
def test_now_is_in_the_period_in_its_first_second(name: str) -> None:
    midnight = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(microseconds=1)
    assert period(name, midnight).since < midnight
