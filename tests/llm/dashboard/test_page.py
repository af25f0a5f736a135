"""The usage page and the page of a call: who sees what, every state, and how many statements it takes."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from llm.ids import uuid7
from llm.models import ApiKey, Call
from tests.llm.dashboard.conftest import Page, now
from tests.llm.factories import make_call, make_hit


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
