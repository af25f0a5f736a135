import pytest

from llm.redaction import redact
from tests.llm.redaction.sample import MARKED, PLAIN, lines
from tests.llm.redaction.scoring import KINDS, Score, score

FLOOR = 0.95


@pytest.fixture(scope="module")
def measured() -> Score:
    return score([*lines(MARKED), *lines(PLAIN)], redact)


def test_the_sample_is_large_enough_to_say_something() -> None:
    assert len(lines(MARKED)) >= 120
    assert len(lines(PLAIN)) >= 60


def test_what_is_marked_is_hidden_and_little_else(measured: Score) -> None:
    print(f"\n{measured.table()}")
    for kind in KINDS:
        assert measured.recall(kind) >= FLOOR, kind
        assert measured.precision(kind) >= FLOOR, kind
