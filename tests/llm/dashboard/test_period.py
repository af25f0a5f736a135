"""Hours, days and months until now, times of one's own, and the same stretch before."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.dashboard.period import MOST_DAYS, MOST_HOURS, Period, bucket, period
from llm.usage import WrongQuery

NOW = datetime(2026, 11, 22, 15, 20, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def asked(now: datetime = NOW, /, **query: str) -> Period:
    return period({name.strip("_"): value for name, value in query.items()}, now)


def test_days_end_with_today() -> None:
    shown = asked(period="7d")
    assert (shown.keys[0], shown.keys[-1], len(shown.keys)) == ("2026-11-16", "2026-11-22", 7)
    assert shown.now == (datetime(2026, 11, 16, tzinfo=UTC), NOW)
    assert shown.before == (datetime(2026, 11, 9, tzinfo=UTC), NOW - 7 * DAY)
    assert shown.dates == "16 to 22 November"


def test_hours_end_with_this_one() -> None:
    shown = asked(period="24h")
    assert (shown.step, shown.steps) == ("hour", ("hour",))
    assert shown.keys[-1] == "2026-11-22T15:00:00Z"
    assert shown.before == (shown.since - DAY, NOW - DAY)
    assert shown.dates == "since 21 November, 16:00"


def test_a_week_is_shown_by_days_or_hours() -> None:
    assert asked(period="7d").steps == ("day", "hour")
    shown = asked(period="7d", step="hour")
    assert (shown.step, len(shown.keys), shown.now) == ("hour", 7 * 24, asked(period="7d").now)
    assert shown.keys_before[0] == "2026-11-09T00:00:00Z"


@pytest.mark.parametrize("query", [{}, {"period": "x"}, {"step": "hour"}, {"step": "x"}])
def test_thirty_days_by_day_unless_something_else_is_asked(query: dict[str, str]) -> None:
    shown = period(query, NOW)
    assert (shown.name, shown.step, len(shown.keys), shown.words) == ("30d", "day", 30, "these 30 days")


def test_a_month_has_days_to_come() -> None:
    shown = asked(period="month")
    assert (shown.keys[0], shown.keys[-1]) == ("2026-11-01", "2026-11-30")
    assert shown.now[1] == NOW
    assert shown.before == (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 22, 15, 20, tzinfo=UTC))
    assert shown.keys_before[0] == "2026-10-01"
    assert shown.before_words == "the same days of October"


def test_a_month_is_compared_with_no_more_than_the_one_before() -> None:
    shown = asked(datetime(2026, 3, 31, 12, tzinfo=UTC), period="month")
    assert shown.before == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


class TestTimesOfOnesOwn:
    def test_both_days_are_included(self) -> None:
        shown = asked(from_="2026-11-03", to="2026-11-05")
        assert shown.now == (datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 6, tzinfo=UTC))
        assert shown.before == (datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
        assert (shown.name, shown.step, shown.dates) == ("custom", "day", "3 to 5 November")
        assert shown.before_words == "the 3 days before"

    def test_a_day_is_shown_by_hours_and_an_hour_alone(self) -> None:
        one = asked(from_="2026-11-03", to="2026-11-03")
        assert (one.step, len(one.keys), one.dates) == ("hour", 24, "3 November")
        shown = asked(from_="2026-11-03T10", to="2026-11-03T10")
        assert (shown.keys, shown.dates) == (("2026-11-03T10:00:00Z",), "3 November, 10:00 to 11:00")

    def test_one_end_names_both(self) -> None:
        assert asked(from_="2026-11-03").now == asked(to="2026-11-03").now

    def test_it_ends_now_where_it_is_not_over(self) -> None:
        shown = asked(from_="2026-11-20", to="2026-11-30")
        assert (shown.until, len(shown.keys)) == (NOW, 11)
        assert shown.before[1] == NOW - 11 * DAY

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ({"from": "2026-11-05", "to": "2026-11-03"}, "/to"),
            ({"from": "2026-11-23"}, "/from"),
            ({"from": "yesterday"}, "/from"),
            ({"from": "2026-02-30"}, "/from"),
            ({"from": "0001-01-01"}, "/from"),
            ({"from": "2026-11-01", "to": "9999-12-31"}, "/to"),
            ({"from": "2026-11-01", "to": "2026-11-20T24"}, "/to"),
            ({"from": "2025-01-01", "to": "2026-11-20"}, "/to"),
            ({"from": "2026-11-01T03", "to": "2026-11-20"}, "/to"),
        ],
    )
    def test_what_cannot_be_is_told(self, query: dict[str, str], pointer: str) -> None:
        with pytest.raises(WrongQuery) as caught:
            period(query, NOW)
        assert caught.value.errors[0]["pointer"] == pointer

    @settings(deadline=None)
    @given(st.integers(0, 400 * 24), st.integers(0, 400 * 24), st.sampled_from(["", "hour", "day"]))
    def test_columns_cover_the_time_and_the_one_before(self, back: int, length: int, step: str) -> None:
        first = NOW.replace(minute=0) - HOUR * back
        query = {"from": bucket(first, "hour"), "to": bucket(first + HOUR * length, "hour"), "step": step}
        try:
            shown = period(query, NOW)
        except WrongQuery:
            return
        starts = shown.starts
        length_of_step = DAY if shown.step == "day" else HOUR
        assert starts[0] == shown.since
        assert starts[-1] + length_of_step == shown.end
        assert len(starts) <= (MOST_DAYS if shown.step == "day" else MOST_HOURS)
        assert shown.now[1] - shown.now[0] == shown.before[1] - shown.before[0]
        assert len(shown.keys) == len(shown.keys_before) == len(starts)
