import pytest

from llm.redaction.cutting import MARGIN, redacted_head


def test_a_text_that_fits_is_only_redacted() -> None:
    assert redacted_head("from ana@example.org", 20) == "from [email]"


def test_a_longer_one_says_how_long_it_was() -> None:
    assert redacted_head("abcdefghij", 4) == "abcd [cut, 10 characters in all]"


@pytest.mark.parametrize("place", range(-60, 61, 4))
def test_no_half_of_a_secret_stays_at_either_end_of_what_is_read(place: int) -> None:
    key = "ghp_" + "aB3dE5fG7h" * 5
    for at in (1000 + place, 1000 + MARGIN + place):
        shown = redacted_head("x " * (at // 2) + key + " y" * MARGIN, 1000)
        assert "aB3d" not in shown
        assert len(shown) < 1050


def test_text_that_shrinks_when_redacted_brings_no_half_into_view() -> None:
    key = "ghp_" + "aB3dE5fG7h" * 50
    mails = "someone.with.a.long.name@mail.example.org " * 2000
    for size in range(1000 + MARGIN - 500, 1000 + MARGIN + 20, 40):
        assert "aB3d" not in redacted_head(mails[:size] + key + mails, 1000)
