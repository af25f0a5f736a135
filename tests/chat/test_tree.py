"""Ways through a tree of messages."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from chat.tree import Tree

type Parents = dict[uuid.UUID, uuid.UUID | None]


def grown(choices: list[int]) -> Parents:
    """A tree in which message n hangs below one of those before it, or is a root."""
    parents: Parents = {}
    for number, choice in enumerate(choices):
        made = [None, *parents]
        parents[uuid.UUID(int=number + 1)] = made[choice % len(made)]
    return parents


trees = st.lists(st.integers(0, 100), min_size=1, max_size=30).map(grown)


def test_nothing_has_no_way() -> None:
    assert Tree({}).path() == []


@given(trees)
def test_the_way_ends_at_the_newest_message(parents: Parents) -> None:
    assert Tree(parents).path()[-1] == max(parents)


@given(trees, st.data())
def test_a_way_leads_from_a_root_through_the_message_to_a_leaf(parents: Parents, data: st.DataObject) -> None:
    through = data.draw(st.sampled_from(list(parents)))
    path = Tree(parents).path(through)
    assert through in path
    assert parents[path[0]] is None
    assert [parents[child] for child in path[1:]] == path[:-1]
    assert path[-1] not in parents.values()


@given(trees, st.data())
def test_siblings_share_their_parent_and_come_in_order(parents: Parents, data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(list(parents)))
    siblings = Tree(parents).siblings(message)
    assert message in siblings
    assert list(siblings) == sorted(m for m in parents if parents[m] == parents[message])
