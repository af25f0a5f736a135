"""First tokens as histograms: right to two figures, and never more rows than a few hundred."""

import random

from django.contrib.auth.models import User
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from llm.amounts import seconds
from llm.models import Call
from llm.usage.waits import of_calls, quantile
from tests.llm.factories import make_call, make_hit


def test_nothing_has_no_quantile() -> None:
    assert quantile({}) is None


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=60))
def test_the_quantile_is_the_nearest_rank(values: list[int]) -> None:
    counts = {value: values.count(value) for value in values}
    assert quantile(counts) == sorted(values)[-(-len(values) * 95 // 100) - 1]


def test_two_figures_are_kept(alice: User) -> None:
    for ms in (7, 99, 104, 987, 996, 1_849, 1_850, 12_900):
        make_call(alice, first_token_ms=ms)
    counted = sorted(of_calls(Call.objects.all(), "first_token", {})[()])
    assert counted == [7, 99, 100, 990, 1_000, 1_800, 1_900, 13_000]


def test_one_call_waited_as_long_on_the_dashboard_as_on_its_page(alice: User) -> None:
    for ms in (104, 987, 999, 1_851, 9_960, 12_500, 59_501):
        make_call(alice, first_token_ms=ms)
        counted = of_calls(Call.objects.filter(first_token_ms=ms), "first_token", {})[()]
        assert seconds(quantile(counted)) == seconds(ms)


def test_groups_add_up_to_the_whole(alice: User) -> None:
    chance = random.Random(5)  # noqa: S311 made-up figures
    for _ in range(40):
        make_call(alice, feature=chance.choice("ab"), first_token_ms=chance.randrange(3_000))
    groups = of_calls(Call.objects.all(), "first_token", {"feature": F("feature")})
    assert groups[("a",)] + groups[("b",)] == of_calls(Call.objects.all(), "first_token", {})[()]


def test_answers_from_the_cache_and_calls_without_a_token_do_not_count(alice: User) -> None:
    make_hit(alice, first_token_ms=1)
    make_call(alice, first_token_ms=None)
    assert of_calls(Call.objects.all(), "first_token", {}) == {}
