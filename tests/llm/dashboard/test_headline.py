"""What a figure was before, and whether that is good or bad."""

from collections import Counter
from decimal import Decimal

from llm.dashboard.headline import Headline, headlines
from llm.dashboard.seen import Seen
from llm.usage import Figures


def seen(figures: Figures, wait: int | None) -> Seen:
    waits = Counter({wait: 1} if wait else {})
    return Seen(figures=figures, first=waits, total=waits)


def shown(
    now: Figures, before: Figures, *, wait: int | None = None, waited: int | None = None
) -> dict[str, Headline]:
    found = headlines(seen(now, wait), seen(before, waited))
    return {headline.term: headline for headline in found}


def text(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")


BEFORE = Figures(
    calls=100, errors=1, cached_calls=25, input_tokens=800, output_tokens=200, known_cost=Decimal(4)
)


def test_more_calls_and_cost_are_neither_good_nor_bad() -> None:
    now = Figures(calls=112, input_tokens=900, output_tokens=300, known_cost=Decimal(5))
    found = shown(now, BEFORE)
    assert (text(found["Calls"].change), found["Calls"].tone) == ("↑ 12 % from 100", "")
    assert (text(found["Cost"].change), found["Cost"].tone) == ("↑ 25 % from $4.00", "")
    assert text(found["Tokens"].change) == "↑ 20 % from 1,000"
    assert text(found["Tokens"].note) == "900 input, 300 output"


def test_more_errors_are_worse_and_more_hits_better() -> None:
    found = shown(Figures(calls=100, errors=4, cached_calls=100, saved=Decimal("1.5")), BEFORE)
    assert (text(found["Errors"].change), found["Errors"].tone) == ("↑ from 1.0 %", "worse")
    assert (text(found["Cache hits"].change), found["Cache hits"].tone) == ("↑ from 20 %", "better")
    assert (found["Saved by the cache"].value, found["Errors"].only) == ("$1.50", "errors")


def test_a_slight_change_is_not_judged() -> None:
    found = shown(Figures(calls=1000, errors=50), Figures(calls=1000, errors=48), wait=1_000, waited=980)
    assert (found["Errors"].tone, found["First token, p95"].tone) == ("", "")


def test_a_shorter_wait_is_better() -> None:
    found = shown(BEFORE, BEFORE, wait=940, waited=1_120)["First token, p95"]
    assert (text(found.value), text(found.change), found.tone) == ("0.94 s", "↓ from 1.1 s", "better")


def test_the_first_period_compares_with_nothing() -> None:
    found = shown(Figures(calls=12, errors=3, input_tokens=9, output_tokens=1), Figures(), wait=210)
    assert {term: text(headline.change) for term, headline in found.items()} == {
        "Cost": "nothing was charged",
        "Calls": "none before",
        "Tokens": "none before",
        "Errors": "none before",
        "Cache hits": "none before",
        "Saved by the cache": "as before",
        "First token, p95": "none before",
        "Answer, p95": "none before",
    }


def test_a_cost_without_all_prices_says_so() -> None:
    found = shown(Figures(calls=9, unpriced_calls=2, input_tokens=5, known_cost=Decimal(3)), BEFORE)
    assert (found["Cost"].value, found["Cost"].change) == ("$3.00", "at least; 2 calls unpriced")


def test_only_cached_answers_have_no_error_share() -> None:
    found = shown(Figures(cached_calls=3), BEFORE)
    assert found["Errors"].change == "no calls"
    assert text(found["Cache hits"].value) == "100 %"


def test_ten_times_as_much_is_not_a_percentage() -> None:
    assert shown(Figures(calls=4_000), BEFORE)["Calls"].change == "↑ from 100"


def test_what_tokens_were_is_told_in_the_same_unit() -> None:
    found = shown(Figures(calls=1, input_tokens=2_500_000), Figures(calls=1, input_tokens=2_193_495))
    assert (text(found["Tokens"].value), text(found["Tokens"].change)) == ("2.5 M", "↑ 14 % from 2.2 M")
