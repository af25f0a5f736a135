"""The usage page and the page of a call: who sees what, every state, and how many statements it takes."""

import csv
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from llm.ids import uuid7
from llm.models import ApiKey, Call
from tests.llm.factories import make_call, make_hit


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def page(client: Client) -> "Page":
    return Page(client)


class Page:
    """Opens the usage page as somebody and reads it as words."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def html(self, who: User, query: str = "") -> str:
        self.client.force_login(who)
        answer = self.client.get(f"/usage/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    def words(self, who: User, query: str = "") -> str:
        text = unescape(re.sub(r"<[^>]+>", " ", self.html(who, query)))
        return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


class TestWhoSeesWhat:
    def test_strangers_are_asked_to_sign_in(self, client: Client) -> None:
        assert client.get("/usage/")["Location"] == "/login/?next=/usage/"

    def test_people_see_their_own_calls(self, alice: User, bob: User, page: Page) -> None:
        make_call(alice, at=now(), feature="secret-project")
        make_call(bob, at=now(), feature="bobs")
        words = page.words(bob)
        assert "Your calls" in words
        assert "bobs" in words
        assert "secret-project" not in words

    def test_staff_see_everybody_by_name(self, alice: User, bob: User, carol: User, page: Page) -> None:
        make_call(alice, at=now())
        make_call(bob, at=now(), key=ApiKey.objects.issue(user=bob, name="import")[0])
        words = page.words(carol)
        assert "Everybody\N{RIGHT SINGLE QUOTATION MARK}s calls" in words
        assert "alice" in words
        assert "key import" in words

    def test_a_filter_for_another_person_shows_nothing(self, alice: User, bob: User, page: Page) -> None:
        make_call(alice, at=now(), feature="secret-project")
        make_call(bob, at=now())
        words = page.words(bob, "?user=alice")
        assert "No calls match the filters" in words
        assert "There is 1 in these 30 days without them" in words

    def test_the_page_of_a_call_is_its_owners(
        self, alice: User, bob: User, carol: User, client: Client
    ) -> None:
        call = make_call(alice)
        for who, status in ((alice, 200), (bob, 404), (carol, 200)):
            client.force_login(who)
            assert client.get(f"/usage/calls/{call.pk}/").status_code == status

    def test_the_words_of_an_error_are_for_staff(self, alice: User, carol: User, client: Client) -> None:
        call = make_call(alice, outcome="timed_out", error="Silent. (ReadTimeout at https://inner:8000)")
        client.force_login(alice)
        told = client.get(f"/usage/calls/{call.pk}/").content.decode()
        assert "The model did not answer in time." in told
        assert "ReadTimeout" not in told
        client.force_login(carol)
        assert "ReadTimeout" in client.get(f"/usage/calls/{call.pk}/").content.decode()


class TestStates:
    def test_no_calls_yet(self, alice: User, page: Page) -> None:
        assert "No calls yet" in page.words(alice)

    def test_nothing_in_this_time(self, alice: User, page: Page) -> None:
        make_call(alice, at=now() - timedelta(days=3))
        words = page.words(alice, "?period=24h")
        assert "No calls in these 24 hours" in words
        assert "Show 30 days" in words

    def test_free_calls_show_tokens_first(self, alice: User, page: Page) -> None:
        make_call(alice, at=now())
        words = page.words(alice)
        assert "Cost free nothing was charged" in words
        assert 'data-measure="tokens"' in page.html(alice)

    def test_unknown_prices_are_said(self, alice: User, page: Page) -> None:
        make_call(alice, at=now(), model="openai:new", cost=None)
        make_call(alice, at=now(), model="openai:old", cost=Decimal("2.5"))
        words = page.words(alice)
        assert "Cost $2.50 at least; 1 call unpriced" in words
        assert "new unknown" in words
        assert "1 call has no known price" in words

    def test_errors_and_cached_answers_are_named(self, alice: User, page: Page) -> None:
        make_call(alice, at=now(), outcome="rate_limited", input_tokens=0, output_tokens=0)
        make_hit(alice, at=now(), saved=Decimal("0.5"))
        words = page.words(alice)
        assert "Errors 100 %" in words
        assert "Cache hits 50 %" in words
        assert "Saved by the cache $0.50" in words
        assert "rate limit" in words
        assert "cached" in words

    def test_what_people_wrote_is_shown_as_text(self, alice: User, page: Page) -> None:
        make_call(alice, at=now(), feature="<script>alert(1)</script>")
        assert "<script>alert" not in page.html(alice, "?model=<script>alert(2)</script>")
        assert "<script>alert" not in page.html(alice)

    @pytest.mark.parametrize("query", ["?period=x", "?measure=x", "?period=", "?feature=%00", "?model=:"])
    def test_a_strange_address_is_no_fault(self, alice: User, page: Page, query: str) -> None:
        make_call(alice, at=now())
        page.html(alice, query)

    def test_no_style_attribute_and_no_inline_script(self, alice: User, page: Page) -> None:
        make_call(alice, at=now())
        html = page.html(alice)
        assert not re.search(r"\sstyle=|<script(?![^>]* src=)|\son[a-z]+=", html)


class TestFilters:
    @pytest.mark.parametrize("query", ["feature=extract", "model=openai:m", "user=bob"])
    def test_narrow_what_is_shown(self, bob: User, carol: User, page: Page, query: str) -> None:
        make_call(carol, at=now())
        make_call(bob, at=now(), feature="extract", model="openai:m")
        words = page.words(carol, f"?{query}&period=7d")
        assert "Calls 1 " in words
        assert "Remove the filter" in page.html(carol, f"?{query}")

    def test_links_keep_the_rest_of_the_query(self, alice: User, page: Page) -> None:
        make_call(alice, at=now())
        html = unescape(page.html(alice, "?feature=chat&period=7d"))
        assert 'href="?feature=chat&period=24h"' in html
        assert 'href="?feature=chat&period=7d&measure=calls"' in html
        assert 'href="?period=7d" aria-label="Remove the filter Feature"' in html


class TestChart:
    def test_has_a_table_with_the_same_figures(self, alice: User, page: Page) -> None:
        for feature, cost in (("chat", "1.25"), ("extract", "2.5")):
            make_call(alice, at=now(), feature=feature, cost=Decimal(cost), model="openai:m")
        html = page.html(alice)
        day = f"{now().day} {now():%B}"
        assert f"The highest day is {day} with $3.75." in html
        assert re.search(rf"{day}, so far</a></th>(<td[^>]*><data value=[^>]*>\$[\d.]*</data></td>)+", html)
        assert re.findall(r'<data value="([\d.]+)">\$', html)[:3] == ["2.5", "1.25", "3.75"]

    def test_many_features_are_four_colours(self, alice: User, page: Page) -> None:
        for number in range(6):
            make_call(alice, at=now(), feature=f"f{number}", input_tokens=1000 - number)
        html = page.html(alice, "?measure=calls")
        assert "3 others" in html
        assert 'class="key k4"' in html
        assert 'class="key k5"' not in html

    @pytest.mark.parametrize(("period", "columns"), [("24h", 24), ("7d", 7), ("30d", 30)])
    def test_has_a_column_an_hour_or_day(self, alice: User, page: Page, period: str, columns: int) -> None:
        make_call(alice, at=now())
        html = page.html(alice, f"?period={period}")
        assert html.count(' data-bucket="') == columns
        assert f'data-columns="{columns}"' in html
        assert html.count("data-so-far") == 1

    @pytest.mark.parametrize("measure", ["cost", "tokens", "calls", "time"])
    def test_shows_any_measure(self, alice: User, page: Page, measure: str) -> None:
        make_call(alice, at=now())
        assert f'aria-current="true">{measure.capitalize()}</a>' in page.html(alice, f"?measure={measure}")


class TestCallPage:
    def test_shows_all_attempts_of_a_request(self, alice: User, client: Client) -> None:
        request_id = uuid7()
        first = make_call(alice, request_id=request_id, model="anthropic:m", outcome="unavailable")
        second = make_call(alice, request_id=request_id, model="openai:m", cost=Decimal("0.00012"))
        client.force_login(alice)
        html = client.get(f"/usage/calls/{second.pk}/").content.decode()
        assert "$0.00012" in html
        assert f"/usage/calls/{first.pk}/" in html

    def test_shows_what_it_was(self, alice: User, client: Client) -> None:
        call = make_call(alice, prompt="assistant", prompt_version=3, cached_tokens=12, upstream_id="msg_01")
        client.force_login(alice)
        html = client.get(f"/usage/calls/{call.pk}/").content.decode()
        for words in ("assistant, version 3", "tokens, 12 from the provider", "msg_01", str(call.request_id)):
            assert words in html


class TestStatements:
    def test_their_number_does_not_grow(
        self, carol: User, page: Page, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        people = [User.objects.create_user(f"person{number}") for number in range(12)]
        for number, who in enumerate(people):
            key = ApiKey.objects.issue(user=who, name=f"key{number}")[0]
            for model in ("local:smollm2", "openai:m"):
                make_call(who, at=now(), key=key, model=model, feature=f"f{number}")
        page.client.force_login(carol)
        with django_assert_max_num_queries(40):  # session, person, choices, and three for each of ten sums
            html = page.client.get("/usage/").content.decode()
        assert "4 others" in html

    def test_only_the_latest_calls_are_listed(self, alice: User, page: Page) -> None:
        for number in range(55):
            make_call(alice, at=now() - timedelta(minutes=number))
        html = page.html(alice)
        assert len(re.findall('href="/usage/calls/[0-9a-f]', html)) == 20
        assert str(Call.objects.order_by("created_at")[0].pk) not in html


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
