"""What stands on the usage page below its figures, its export, and where a figure leads."""

import csv
import re
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.test import Client

from llm.models import ApiKey
from tests.llm.dashboard.conftest import Page, now
from tests.llm.factories import make_call, make_hit


class TestKeysAndVersions:
    def test_a_key_and_a_prompt_version_filter_and_are_named(self, alice: User, page: Page) -> None:
        key = ApiKey.objects.issue(user=alice, name="import")[0]
        make_call(alice, at=now(), key=key, feature="by-key", prompt="assistant", prompt_version=3)
        make_call(alice, at=now(), feature="other", prompt="assistant", prompt_version=4)
        words = page.words(alice, f"?key={key.pk}&prompt=assistant&prompt_version=3")
        assert "Key import" in words
        assert "by-key" in words
        assert "Calls 1 none before" in words
        assert "assistant, version 3" in page.words(alice, f"?key={key.pk}&by=prompt_version")

    def test_the_key_of_another_is_not_named(self, alice: User, bob: User, page: Page) -> None:
        key = ApiKey.objects.issue(user=alice, name="secret-name")[0]
        make_call(bob, at=now())
        assert "secret-name" not in page.words(bob, f"?key={key.pk}")

    @pytest.mark.parametrize("wrong", ["key=nonsense", "prompt_version=x", "prompt_version=99999999999"])
    def test_nonsense_matches_nothing(self, alice: User, page: Page, wrong: str) -> None:
        make_call(alice, at=now())
        assert "No calls match the filters" in page.words(alice, f"?{wrong}")


class TestExport:
    def test_it_holds_what_is_shown(self, alice: User, client: Client) -> None:
        make_call(alice, at=now(), feature="=cmd()", cost=Decimal("0.25"), model="openai:m")
        make_call(alice, at=now(), feature="chat", cost=None, model="openai:new")
        client.force_login(alice)
        answer = client.get("/usage/export.csv?period=7d&feature=%3Dcmd()")
        assert answer["Content-Disposition"].startswith('attachment; filename="usage-')
        (row,) = csv.DictReader(StringIO(answer.content.decode()))
        assert (row["feature"], row["model"], row["cost"], row["calls"]) == (
            "'=cmd()",
            "openai:m",
            "0.25",
            "1",
        )
        rows = client.get("/usage/export.json").json()["rows"]
        assert {row["feature"]: row["cost"] for row in rows} == {"=cmd()": "0.25", "chat": None}

    def test_people_get_their_own(self, alice: User, bob: User, client: Client) -> None:
        make_call(alice, at=now(), feature="secret-project")
        client.force_login(bob)
        for kind in ("csv", "json"):
            assert b"secret-project" not in client.get(f"/usage/export.{kind}?user=alice").content


class TestATimeOfOnesOwn:
    def test_an_hour_of_a_day(self, alice: User, page: Page) -> None:
        noon = (now() - timedelta(days=3)).replace(hour=12, minute=30)
        for back in (0, 1, 24):
            make_call(alice, at=noon - timedelta(hours=back), feature="chat")
        day = f"{noon:%Y-%m-%d}"
        assert "Calls 2 " in page.words(alice, f"?from={day}&to={day}")
        assert page.html(alice, f"?from={day}&to={day}").count(' data-bucket="') == 24
        assert "Calls 1 " in page.words(alice, f"?from={day}T12&to={day}T12&feature=chat")
        assert "Calls 3 " in page.words(alice, f"?from={noon - timedelta(days=1):%Y-%m-%d}&to={day}&step=day")

    def test_what_cannot_be_is_said_and_thirty_days_are_shown(self, alice: User, page: Page) -> None:
        make_call(alice, at=now())
        words = page.words(alice, "?from=2026-11-05&to=2026-11-03")
        assert "The last day is before the first." in words
        assert "Calls 1 " in words

    def test_an_export_of_what_cannot_be_is_refused(self, alice: User, client: Client) -> None:
        client.force_login(alice)
        answer = client.get("/usage/export.csv?from=soon")
        assert (answer.status_code, b"is no day" in answer.content) == (422, True)


class TestCompare:
    def test_the_time_before_stands_beside_each_day(self, alice: User, page: Page) -> None:
        for back, cost in ((0, "4"), (7, "3"), (8, "1")):
            make_call(alice, at=now() - timedelta(days=back), cost=Decimal(cost), model="openai:m")
        html = page.html(alice, "?period=7d")
        assert re.findall(r'before"><data value="([\d.]+)"', html)[:3] == ["3", "1", "0"]
        assert "the 7 days before $4.00" in page.words(alice, "?period=7d")
        assert "before" not in re.findall(r'<td class="([^"]*)"', page.html(alice, "?period=7d&compare=no"))


class TestTakenApart:
    @pytest.mark.parametrize("by", ["feature", "model", "user", "key", "prompt_version", "x"])
    @pytest.mark.parametrize("measure", ["cost", "tokens", "calls", "time"])
    def test_every_way_by_every_measure(self, carol: User, page: Page, by: str, measure: str) -> None:
        key = ApiKey.objects.issue(user=carol, name="import")[0]
        make_call(carol, at=now(), key=key, prompt="assistant", prompt_version=3, model="openai:m")
        make_call(None, at=now())
        html = page.html(carol, f"?by={by}&measure={measure}")
        assert html.count("<tfoot>") == 1
        link = {"user": "user=carol", "key": f"key={key.pk}", "prompt_version": "prompt=assistant"}.get(
            by, "chat"
        )
        assert link in html

    def test_half_and_nearly_all_waited_no_longer(self, alice: User, page: Page) -> None:
        for number in range(1, 101):
            make_call(alice, at=now(), first_token_ms=number, total_ms=number * 100)
        words = page.words(alice, "?measure=time")
        assert "First token, p95 0.10 s none before p50 0.05 s" in words
        assert "Answer, p95 9.5 s none before p50 5.0 s" in words

    def test_tokens_are_split(self, alice: User, page: Page) -> None:
        make_call(
            alice, at=now(), input_tokens=900, cached_tokens=300, output_tokens=100, reasoning_tokens=40
        )
        html = page.html(alice, "?measure=tokens")
        cells = re.findall(r'<td class="num(?: all)?"><data value="(\d+)"', html)
        assert cells[:5] == ["600", "300", "60", "40", "1000"]

    def test_who_sees_only_themselves_takes_no_people_apart(self, alice: User, page: Page) -> None:
        make_call(alice, at=now())
        words = page.words(alice, "?by=user")
        assert "By feature and model Feature Model Key Prompt version" in words

    def test_an_export_follows(self, carol: User, client: Client) -> None:
        make_call(carol, at=now(), prompt="assistant", prompt_version=3)
        client.force_login(carol)
        day = f"{now():%Y-%m-%d}"
        (row,) = client.get(f"/usage/export.json?by=prompt_version&from={day}&step=hour").json()["rows"]
        assert (row["prompt"], row["prompt_version"], row["hour"][:10]) == ("assistant", 3, day)


class TestCallsBehindAFigure:
    def listed(self, client: Client, who: User, query: str = "") -> list[str]:
        client.force_login(who)
        html = client.get(f"/usage/calls/{query}").content.decode()
        return re.findall(r'href="/usage/calls/([0-9a-f-]{36})/"', html)

    def test_of_a_bar_with_the_same_filters(self, alice: User, client: Client) -> None:
        then = (now() - timedelta(days=2)).replace(hour=10)
        mine = make_call(alice, at=then, feature="chat")
        make_call(alice, at=then, feature="extract")
        make_call(alice, at=then + timedelta(hours=1), feature="chat")
        hour = f"{then:%Y-%m-%dT%H}"
        assert self.listed(client, alice, f"?from={hour}&to={hour}&feature=chat") == [str(mine.pk)]

    def test_only_ones_own(self, alice: User, bob: User, carol: User, client: Client) -> None:
        call = make_call(alice, at=now(), feature="secret-project")
        for query in ("", "?user=alice", f"?after={call.pk}", "?only=errors"):
            assert self.listed(client, bob, query) == []
            assert "secret-project" not in client.get(f"/usage/calls/{query}").content.decode()
        assert self.listed(client, carol) == [str(call.pk)]

    def test_only_one_kind(self, alice: User, client: Client) -> None:
        made = {
            "errors": make_call(alice, at=now(), outcome="timed_out"),
            "cached": make_hit(alice, at=now()),
            "unpriced": make_call(alice, at=now(), cost=None),
        }
        for only, call in made.items():
            assert self.listed(client, alice, f"?only={only}") == [str(call.pk)]
        assert len(self.listed(client, alice, "?only=x")) == 3

    def test_a_page_at_a_time(self, alice: User, client: Client) -> None:
        for _ in range(2):
            for number in range(60):
                make_call(alice, at=now() - timedelta(minutes=number))
        first = self.listed(client, alice)
        second = self.listed(client, alice, f"?after={first[-1]}")
        third = self.listed(client, alice, f"?after={second[-1]}")
        assert [len(first), len(second), len(third)] == [50, 50, 20]
        assert len({*first, *second, *third}) == 120

    def test_who_is_not_signed_in_is_asked_to(self, client: Client) -> None:
        assert client.get("/usage/calls/")["Location"] == "/login/?next=/usage/calls/"
