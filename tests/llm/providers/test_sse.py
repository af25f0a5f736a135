"""The splitter of server-sent events."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.providers.sse import EventTooLong, Splitter

lines = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20)


@given(
    events=st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_events_are_the_same_wherever_the_bytes_are_cut(
    events: list[list[str]], end: bytes, cuts: list[int]
) -> None:
    stream = b"".join(
        b"".join(b"data: " + line.encode() + end for line in event) + b": keep-alive" + end + end
        for event in events
    )
    edges = [0, *sorted(cuts), len(stream)]
    splitter = Splitter()
    seen = [data for a, b in itertools.pairwise(edges) for data in splitter.feed(stream[a:b])]
    assert seen == ["\n".join(event).encode() for event in events]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_line_end_may_be_cut_in_two(end: bytes) -> None:
    stream = b"data: a\ndata: b\n\ndata: c\n\n".replace(b"\n", end)
    for cut in range(len(stream)):
        splitter = Splitter()
        assert splitter.feed(stream[:cut]) + splitter.feed(stream[cut:]) == [b"a\nb", b"c"]


def test_ignores_comments_and_other_fields() -> None:
    stream = b": ping\n\nevent: message\nid: 7\nretry: 10\ndata:a\ndatax: no\n\n\n\n"
    assert Splitter().feed(stream) == [b"a"]


def test_drops_an_event_without_end() -> None:
    assert Splitter().feed(b"data: a\n\ndata: b\n") == [b"a"]


@pytest.mark.parametrize("chunk", [b"x", b"data: x\n"])
def test_refuses_to_hold_more_than_its_limit(chunk: bytes) -> None:
    splitter = Splitter(limit=100)
    with pytest.raises(EventTooLong):
        sum(len(splitter.feed(chunk)) for _ in range(200))


def test_the_limit_is_for_one_event_not_for_all() -> None:
    splitter = Splitter(limit=100)
    assert sum(len(splitter.feed(b"data: " + b"x" * 50 + b"\n\n")) for _ in range(100)) == 100
