"""Results are kept by text: the last ones, of a bounded length together."""

from llm.extraction.kept import Kept


def test_what_was_asked_for_last_is_kept_up_to_so_many_and_so_long() -> None:
    made: list[str] = []

    def make(text: str, mark: int) -> str:
        made.append(text)
        return f"{text}{mark}"

    kept = Kept(make, most=3, characters=10)
    assert [kept("aa", 1), kept("bb", 1), kept("aa", 1), kept("aa", 2)] == ["aa1", "bb1", "aa1", "aa2"]
    assert made == ["aa", "bb", "aa"]
    kept("cccc", 1)  # a fourth: "bb", asked for the longest ago, goes
    kept("aa", 1)
    assert made == ["aa", "bb", "aa", "cccc"]
    kept("d" * 9, 1)  # too long beside others, but never without itself
    kept("d" * 9, 1)
    kept("aa", 1)
    assert made == ["aa", "bb", "aa", "cccc", "d" * 9, "aa"]
