"""What calls cost."""

from decimal import Decimal

import pytest
from django.test import override_settings

from config.environment import Environment
from llm.pricing import cost
from llm.types import Usage

MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)


def test_the_local_model_costs_nothing() -> None:
    assert cost("local:smollm2", MILLION) == 0


@pytest.mark.parametrize(
    "model", ["openai:gpt-6.2-sol", "openai:no-such-model", "nobody:gpt-4o", "", "openai:"]
)
def test_without_a_price_the_cost_is_unknown(model: str) -> None:
    assert cost(model, MILLION) is None


def test_nothing_used_costs_nothing() -> None:
    assert cost("openai:gpt-4o", Usage()) == 0


def test_counts_each_token_once() -> None:
    plain = cost("openai:gpt-4o", Usage(input_tokens=1000, output_tokens=500))
    cached = cost("openai:gpt-4o", Usage(input_tokens=1000, output_tokens=500, cached_tokens=400))
    thought = cost("openai:gpt-4o", Usage(input_tokens=1000, output_tokens=500, reasoning_tokens=300))
    assert plain == thought == Decimal("0.0075")
    assert cached == Decimal("0.0070")  # 600 at 2.50, 400 at 1.25, 500 at 10 dollars a million


def test_knows_anthropics_three_prices_of_input() -> None:
    usage = Usage(input_tokens=1_000, cached_tokens=400, cache_write_tokens=100)
    assert cost("anthropic:claude-opus-5-5", usage) == Decimal("0.00258")  # 500 at 4, 400 at 0.20, 100 at 5


def test_counts_that_contradict_each_other_have_no_price() -> None:
    assert cost("openai:gpt-4o", Usage(input_tokens=1, cached_tokens=400)) is None


@pytest.mark.parametrize(
    ("url", "known"),
    [("https://api.openai.com/v1", True), ("http://127.0.0.1:11434/v1", False)],
)
def test_a_price_belongs_to_a_host_not_to_a_name(url: str, known: bool) -> None:
    with override_settings(PARLEY=Environment(openai_base_url=url)):
        assert (cost("openai:gpt-4o", MILLION) is not None) == known
