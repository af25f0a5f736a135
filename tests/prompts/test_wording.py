"""What changed between two versions, word by word and in parameters."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.rendering import Variable
from prompts.wording import compare, words
from tests.prompts.factories import content


def told(old: str, new: str) -> str:
    marks = {"same": "{}", "ins": "[+{}]", "del": "[-{}]"}
    return "".join(marks[piece.kind].format(piece.text) for piece in words(old, new))


def test_words_that_changed_are_marked_and_phrases_stay_together() -> None:
    assert told("in at most 200 words.", "in at most 120 words.") == "in at most [-200][+120] words."
    assert told("say so. Never", "say so and offer a person. Never") == "say so[+ and offer a person]. Never"
    assert told("a b c d", "a x y d") == "a [-b c][+x y] d"
    assert told("same", "same") == "same"


TEXT = st.text(alphabet="ab \n.{}", max_size=40)


@given(TEXT, TEXT)
def test_both_texts_can_be_read_from_the_marks(old: str, new: str) -> None:
    pieces = words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "ins") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "del") == new


@pytest.mark.timeout(20)
def test_long_texts_are_compared_line_by_line() -> None:
    lines = [f"Line {at} says {at * 7 % 13} things." for at in range(3_000)]
    other = [*lines[:100], "Another line.", *lines[101:]]
    old, new = "\n".join(lines), "\n".join(other)
    pieces = words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "ins") == old
    assert sum(len(piece.text) for piece in pieces if piece.kind != "same") < 200
    words("a" * 50_000, "b. " * 30_000)


def test_messages_that_came_between_are_new_and_the_others_stay() -> None:
    old = content("Be kind.", ("user", "Hi"))
    new = content("Be kind.", ("user", "An example"), ("assistant", "Its answer"), ("user", "Hi"))
    changed = [(each.role, each.changed) for each in compare(old, new).messages]
    assert changed == [("system", False), ("user", True), ("assistant", True), ("user", False)]


def test_a_role_and_settings_that_changed_are_named() -> None:
    old = content("a", ("user", "b"), temperature=0.5)
    new = replace(
        content("a", ("assistant", "b"), variables=(Variable(name="tone", required=False),), max_tokens=5),
        cache_ttl=60,
    )
    changes = compare(old, new)
    assert changes.messages[1].was == "user"
    settings = {each.name: (each.before, each.after) for each in changes.settings}
    assert settings["temperature"] == ("0.5", "")
    assert settings["max_tokens"] == ("", "5")
    assert settings["cache_ttl"] == ("", "60")
    assert settings["the list of variables"] == ("", "tone")
    assert not compare(old, old).any
