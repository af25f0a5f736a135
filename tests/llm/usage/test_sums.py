"""The ledger summed: who sees what, what counts, and that every slice adds up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import combinations
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from llm.models import ApiKey
from llm.usage import KEYS, Figures, Filters, Summary, Viewer, WrongQuery, moment, span, summary
from tests.llm.factories import NOON, made_up, make_call, make_hit

DAY = timedelta(days=1)


def totals(viewer: Viewer, *by: str, **rest: Any) -> Summary:
    return summary(viewer, since=NOON - 30 * DAY, until=NOON + DAY, by=by, **rest)


def rows(found: Summary) -> list[tuple[Any, ...]]:
    return [(*row.keys.values(), row.figures.calls) for row in found.rows]


class TestWhoSeesWhat:
    def test_people_see_their_own_calls(self, alice: User, bob: User) -> None:
        make_call(alice)
        make_call(bob)
        make_call(bob)
        assert totals(alice).total.calls == 1
        assert totals(bob).total.calls == 2

    def test_staff_see_all_calls_those_of_nobody_too(self, alice: User, carol: User) -> None:
        make_call(alice)
        make_call(None)
        assert totals(carol).total.calls == 2

    def test_nobody_sees_nothing(self, alice: User) -> None:
        make_call(alice)
        assert totals(AnonymousUser()).total == Figures()

    def test_a_filter_opens_nothing(self, alice: User, bob: User) -> None:
        make_call(alice)
        assert totals(bob, "user", filters=Filters(user="alice")).total.calls == 0


class TestWhatCounts:
    def test_an_answer_from_the_cache_is_not_a_call(self, alice: User) -> None:
        make_call(alice, cost=Decimal("0.5"))
        make_hit(alice, saved=Decimal("0.5"))
        total = totals(alice).total
        assert (total.calls, total.cached_calls, total.answers) == (1, 1, 2)
        assert (total.cost, total.saved, total.tokens) == (Decimal("0.5"), Decimal("0.5"), 50)

    def test_a_stopped_call_is_no_error(self, alice: User) -> None:
        for outcome in ("ok", "stopped", "timed_out", "fault"):
            make_call(alice, outcome=outcome)
        assert (totals(alice).total.calls, totals(alice).total.errors) == (4, 2)

    def test_tokens_of_every_kind_add_up(self, alice: User) -> None:
        for _ in range(2):
            make_call(alice, input_tokens=10, output_tokens=7, cached_tokens=4, reasoning_tokens=3)
        total = totals(alice).total
        assert (total.input_tokens, total.output_tokens) == (20, 14)
        assert (total.cached_tokens, total.reasoning_tokens) == (8, 6)

    def test_unknown_prices_are_counted_and_never_zero(self, alice: User) -> None:
        make_call(alice, model="openai:new", cost=None)
        make_hit(alice, model="openai:new", cost=Decimal(0))
        total = totals(alice).total
        assert total.cost is None
        assert total.unpriced_calls == 1
        assert total.charge == "unknown"

    def test_a_failed_call_without_tokens_is_not_unpriced(self, alice: User) -> None:
        make_call(alice, cost=None, input_tokens=0, output_tokens=0, outcome="unavailable")
        assert totals(alice).total.unpriced_calls == 0
        assert totals(alice).total.charge == "$0"

    def test_known_costs_are_the_least_beside_unknown_ones(self, alice: User) -> None:
        make_call(alice, cost=None)
        make_call(alice, cost=Decimal("0.25"))
        total = totals(alice).total
        assert (total.cost, total.unpriced_calls) == (Decimal("0.25"), 1)

    def test_the_end_is_not_included(self, alice: User) -> None:
        make_call(alice, at=NOON)
        assert summary(alice, since=NOON, until=NOON + DAY).total.calls == 1
        assert summary(alice, since=NOON - DAY, until=NOON).total.calls == 0


class TestKeys:
    def test_days_and_hours_are_utc(self, alice: User) -> None:
        make_call(alice, at=datetime(2026, 11, 21, 23, 59, 59, 999999, tzinfo=UTC))
        make_call(alice, at=datetime(2026, 11, 22, 0, 0, tzinfo=UTC))
        assert rows(totals(alice, "day")) == [("2026-11-21", 1), ("2026-11-22", 1)]
        assert rows(totals(alice, "hour")) == [("2026-11-21T23:00:00Z", 1), ("2026-11-22T00:00:00Z", 1)]

    def test_a_model_carries_its_provider(self, alice: User) -> None:
        make_call(alice, model="openai:m")
        make_call(alice, model="local:m")
        assert rows(totals(alice, "model")) == [("local:m", 1), ("openai:m", 1)]
        assert rows(totals(alice, "provider")) == [("local", 1), ("openai", 1)]

    def test_a_prompt_version_carries_its_prompt(self, alice: User) -> None:
        make_call(alice, prompt="assistant", prompt_version=3)
        make_call(alice, prompt="title", prompt_version=3)
        assert rows(totals(alice, "prompt_version")) == [("assistant", 3, 1), ("title", 3, 1)]

    def test_two_keys_of_one_name_stay_apart(self, alice: User) -> None:
        for _ in range(2):
            key, _secret = ApiKey.objects.issue(user=alice, name="import")
            make_call(alice, key=key)
        assert [row.keys["key"] for row in totals(alice, "key").rows] == ["import", "import"]

    def test_an_unknown_key_is_named(self, alice: User) -> None:
        with pytest.raises(WrongQuery, match="colour"):
            totals(alice, "colour")

    def test_too_many_rows_are_refused(self, alice: User) -> None:
        for feature in "abc":
            make_call(alice, feature=feature)
        assert len(totals(alice, "feature", most=3).rows) == 3
        with pytest.raises(WrongQuery, match="more than 2 rows"):
            totals(alice, "feature", most=2)


class TestEverySliceAddsUp:
    @pytest.mark.parametrize("seed", range(3))
    def test_by_any_keys(self, alice: User, bob: User, carol: User, seed: int) -> None:
        made_up([alice, bob, None], seed)
        for viewer in (alice, carol):
            whole = totals(viewer).total
            assert whole.calls
            for count in (1, 2, 3):
                for by in combinations(KEYS, count):
                    assert totals(viewer, *by).total == whole, by

    def test_and_people_are_parts_of_all(self, alice: User, bob: User, carol: User) -> None:
        made_up([alice, bob], 7)
        assert totals(alice).total + totals(bob).total == totals(carol).total

    def test_to_the_last_digit(self, alice: User) -> None:
        costs = [Decimal("123456.789012345"), *[Decimal("0.000000001")] * 20, *[Decimal("0.1")] * 20]
        for cost in costs:
            make_call(alice, cost=cost)
        assert totals(alice).total.cost == sum(costs)

    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.decimals(0, 9, places=9)), max_size=6))
    def test_in_any_order(self, drawn: list[tuple[int, int, Decimal]]) -> None:
        figures = [Figures(calls=calls, unpriced_calls=new, known_cost=cost) for calls, new, cost in drawn]
        assert sum(figures, Figures()) == sum(reversed(figures), Figures())

    def test_folding_keeps_the_total(self, alice: User) -> None:
        made_up([alice], 1)
        found = totals(alice, "day", "feature", "model")
        assert sum(found.folded("model").values(), Figures()) == found.total
        assert found.folded("feature") == {
            (row.keys["feature"],): row.figures for row in totals(alice, "feature").rows
        }

    def test_in_two_statements(
        self, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        made_up([alice], 2)
        with django_assert_max_num_queries(2):  # which days are rolled up, and the rows
            totals(alice, "day", "feature", "model", "user", "key")


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("24h", NOON - DAY),
            ("7d", NOON - 7 * DAY),
            ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
            ("2026-11-01T10:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
            ("2026-11-01 10:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
            ("2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
            ("2026-11-01T10:00:00 02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ],
    )
    def test_are_read(self, text: str, expected: datetime) -> None:
        assert moment(text, now=NOON, pointer="/since") == expected

    @pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "7w", "0001-01-01T00:00:00+14:00", "x" * 99])
    def test_are_refused_with_a_pointer(self, text: str) -> None:
        with pytest.raises(WrongQuery) as caught:
            moment(text, now=NOON, pointer="/until")
        assert caught.value.errors[0]["pointer"] == "/until"

    def test_default_to_thirty_days_until_now(self) -> None:
        assert span("", "", now=NOON) == (NOON - 30 * DAY, NOON)

    def test_must_run_forwards(self) -> None:
        with pytest.raises(WrongQuery, match="before the end"):
            span("1d", "2d", now=NOON)


class TestApi:
    def test_answers_as_documented(self, alice: User, client: Client) -> None:
        make_call(alice, at=datetime.now(UTC), cost=Decimal("0.00012"), model="openai:m")
        client.force_login(alice)
        body = client.get("/api/v1/usage?by=model,feature&since=2026-11-01").json()
        (row,) = body["rows"]
        assert (row["model"], row["feature"]) == ("openai:m", "chat")
        assert {name: row[name] for name in ("calls", "errors", "cached_calls", "input_tokens", "cost")} == {
            "calls": 1,
            "errors": 0,
            "cached_calls": 0,
            "input_tokens": 30,
            "cost": "0.00012",
        }
        assert body["total"] == {name: row[name] for name in body["total"]}
        assert body["since"] == "2026-11-01T00:00:00Z"
        assert body["until"].endswith("Z")

    def test_free_is_zero_and_unknown_is_null(self, alice: User, client: Client) -> None:
        make_call(alice, at=datetime.now(UTC))
        make_call(alice, at=datetime.now(UTC), model="openai:new", cost=None)
        client.force_login(alice)
        body = client.get("/api/v1/usage?by=model&since=24h").json()
        assert [(row["cost"], row["unpriced_calls"]) for row in body["rows"]] == [("0", 0), (None, 1)]

    def test_shows_bob_nothing_of_alice(self, alice: User, bob: User, client: Client) -> None:
        make_call(alice, at=datetime.now(UTC))
        client.force_login(bob)
        for query in ("by=user,key", "by=hour&user=alice", "by=user&feature=chat"):
            body = client.get(f"/api/v1/usage?{query}").json()
            assert body["rows"] == []
            assert body["total"]["calls"] == 0

    def test_filters_combine(self, alice: User, client: Client) -> None:
        for feature, model in (("chat", "openai:m"), ("chat", "openai:n"), ("extract", "openai:m")):
            make_call(alice, at=datetime.now(UTC), feature=feature, model=model)
        client.force_login(alice)
        body = client.get("/api/v1/usage?by=model&feature=chat&model=openai:m&user=alice").json()
        assert [(row["model"], row["calls"]) for row in body["rows"]] == [("openai:m", 1)]

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ("by=colour", "/by"),
            ("since=soon", "/since"),
            ("until=soon", "/until"),
            ("since=2026-11-02&until=2026-11-01", "/since"),
        ],
    )
    def test_points_at_what_is_wrong(self, alice: User, client: Client, query: str, pointer: str) -> None:
        client.force_login(alice)
        answer = client.get(f"/api/v1/usage?{query}")
        assert answer.status_code == 422
        assert answer.json()["code"] == "invalid"
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


class TestCommand:
    def test_prints_rows_and_a_total(self, alice: User) -> None:
        make_call(alice, at=datetime.now(UTC), cost=Decimal("1.5"), model="openai:m")
        make_call(None, at=datetime.now(UTC))
        lines = self._run("--since", "24h").splitlines()
        assert " ".join(lines[2].split()) == "feature model calls errors cached tokens in tokens out cost"
        assert [line.split() for line in lines[3:]] == [
            ["chat", "local:smollm2", "1", "0", "0", "30", "20", "free"],
            ["chat", "openai:m", "1", "0", "0", "30", "20", "$1.50"],
            ["all", "2", "0", "0", "60", "40", "$1.50"],
        ]
        assert len({len(line) for line in lines[2:]}) == 1

    @pytest.mark.usefixtures("db")
    def test_prints_a_total_of_nothing(self) -> None:
        assert "all" not in self._run("--by", "").split()
        assert self._run().splitlines()[-1].split()[0] == "0"

    def test_says_what_has_no_price(self, alice: User) -> None:
        make_call(alice, at=datetime.now(UTC), cost=None)
        assert "1 call has no price" in self._run()

    def test_prints_json(self, alice: User) -> None:
        make_call(alice, at=datetime.now(UTC))
        assert '"feature": "chat"' in self._run("--json", "--by", "feature,key")

    @pytest.mark.parametrize("wrong", [("--by", "colour"), ("--since", "soon")])
    @pytest.mark.usefixtures("db")
    def test_says_what_is_wrong_in_one_line(self, wrong: tuple[str, str]) -> None:
        with pytest.raises(CommandError, match=wrong[1]):
            self._run(*wrong)

    def _run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("usage", *arguments, stdout=out)
        return out.getvalue()
