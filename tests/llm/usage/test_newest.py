"""The newest calls of a kind, by rolled hours and days: the same ones, without a look at all others."""

from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import User

from llm.dashboard.listing import ONLY
from llm.models import Call
from llm.usage import Filters, calls, newest
from llm.usage.newest import KINDS
from llm.usage.rolling import roll_up
from tests.llm.factories import NOON, made_up, make_call, make_hit

DAY = timedelta(days=1)
SPAN = {"since": NOON - 20 * DAY, "until": NOON + DAY}
ASKED = (
    Filters(),
    Filters(feature="chat"),
    Filters(model="openai:m", prompt="assistant", prompt_version="2"),
    Filters(user="alice"),
    Filters(user="alice", feature="chat"),
    Filters(feature="nothing"),
)


@pytest.mark.parametrize("rolled", [True, False])
def test_are_those_of_all_calls(alice: User, bob: User, carol: User, rolled: bool) -> None:
    made_up([alice, bob, None], 5)
    make_call(alice, at=NOON, cost=None, model="openai:new")
    if rolled:
        roll_up(NOON + DAY / 2)
    make_call(bob, at=NOON - 3 * DAY, outcome="timed_out")  # late, its day is read call by call
    for viewer, kind, filters, count in product((carol, alice), KINDS, ASKED, (1, 7, 500)):
        found = newest(viewer, kind, **SPAN, filters=filters, count=count)
        everything = calls(viewer, **SPAN, filters=filters)
        first = list(found.filter(ONLY[kind])[:count])
        right = list(everything.filter(ONLY[kind]).order_by("-created_at", "-id")[:count])
        assert first == right, (viewer, kind, filters, count)


def test_of_older_hours_only_those_with_such_a_call_are_read(alice: User, carol: User) -> None:
    for hours in range(1, 100):
        make_hit(alice, at=NOON - timedelta(hours=hours))
    lonely = make_call(alice, at=NOON - timedelta(hours=90, minutes=-1), outcome="timed_out")
    roll_up(NOON + DAY)
    read = newest(carol, "errors", **SPAN, filters=Filters(), count=51)
    assert lonely in read
    assert read.filter(created_at__lt=NOON - timedelta(hours=36)).count() == 2
    assert Call.objects.count() == 100
