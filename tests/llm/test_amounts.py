"""Numbers as people read them."""

from decimal import Decimal

import pytest

from llm.amounts import charge, dollars, percent, plural, seconds, short


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "unknown"),
        ("0", "$0"),
        ("175.5", "$175.50"),
        ("12345.6", "$12,346"),
        ("0.01", "$0.01"),
        ("0.0031", "$0.0031"),
        ("0.0009999", "$0.0010"),
        ("0.000000123", "$0.00000012"),
    ],
)
def test_dollars(amount: str | None, shown: str) -> None:
    assert dollars(Decimal(amount) if amount else None) == shown


def test_free_is_what_was_used_for_nothing() -> None:
    assert charge(Decimal(0), used=True) == "free"
    assert charge(Decimal(0), used=False) == "$0"
    assert charge(None, used=True) == "unknown"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (9_512, "9,512"),
        (41_234, "41.2 k"),
        (412_345, "412 k"),
        (86_800_000, "86.8 M"),
        (10**9, "1.0 bn"),
    ],
)
def test_short(number: int, shown: str) -> None:
    assert short(number) == shown.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(("part", "shown"), [(0, "0 %"), (62, "0.62 %"), (290, "2.9 %"), (2800, "28 %")])
def test_percent(part: int, shown: str) -> None:
    assert percent(part, 10_000) == shown.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("ms", "shown"), [(None, "\N{EN DASH}"), (5, "5 ms"), (310, "0.31 s"), (1_830, "1.8 s"), (12_300, "12 s")]
)
def test_seconds(ms: int | None, shown: str) -> None:
    assert seconds(ms) == shown.replace(" ", "\N{NO-BREAK SPACE}")


def test_plural() -> None:
    assert [plural(1, "call"), plural(1_590, "token")] == ["1 call", "1,590 tokens"]
