"""However a period is taken apart, by hour or day, rolled up or not, late or corrected: the same total."""

from datetime import timedelta
from decimal import Decimal
from itertools import cycle

from django.contrib.auth.models import User

from llm.dashboard.breakdown import WAYS
from llm.dashboard.measures import MEASURES
from llm.dashboard.page import Asked, Board, board
from llm.dashboard.period import Period, period
from llm.dashboard.scope import Scope
from llm.dashboard.seen import Seen
from llm.models import Call
from llm.usage import Figures, Filters, summary
from llm.usage.rolling import roll_up
from tests.llm.factories import NOON, made_up, make_call

DAY = timedelta(days=1)
NOW = NOON + DAY
TIMES = [
    {"period": "30d"},
    {"from": "2026-11-16", "to": "2026-11-22", "step": "hour"},
    {"from": "2026-11-22T03", "to": "2026-11-22T11"},
]


def drawn(viewer: User, time: Period, measure: str, by: str) -> Board:
    found = board(Scope(viewer=viewer, filters=Filters()), time, Asked(measure=measure, by=by))
    assert isinstance(found, Board)
    return found


def check(viewer: User) -> None:
    """Take each time apart in every way, and compare with what the ledger says of it."""
    for time in (period(query, NOW) for query in TIMES):
        whole = summary(viewer, since=time.since, until=time.until).total
        before = summary(viewer, since=time.before[0], until=time.before[1]).total
        for by, measure in zip(WAYS, cycle(MEASURES.values()), strict=False):
            shown = drawn(viewer, time, measure.name, by)
            assert shown.total.figures == whole
            for table in (shown.table, *shown.cards):
                assert sum((line.seen.figures for line in table.lines), Figures()) == whole
            rows = shown.timeline.rows
            if shown.timeline.kind == "bars":
                assert sum(Decimal(row.whole.value) for row in rows if row.whole) == measure.of(shown.total)
                cells = sum(Decimal(cell.value) for row in rows for cell in row.cells)
                assert cells == measure.of(shown.total)
            if rows[0].before:
                sums = sum(Decimal(row.before.value) for row in rows if row.before)
                assert sums == measure.of(Seen(figures=before))


def test_every_way_gives_the_same_total(alice: User, bob: User, carol: User) -> None:
    made_up([alice, bob, None], 1)
    make_call(alice, at=NOON - timedelta(hours=2))
    check(carol)
    roll_up(NOW)
    make_call(alice, at=NOON - 2 * DAY, cost=Decimal("0.000000007"), model="openai:late")
    Call.objects.filter(provider="openai", cached=False).update(cost=Decimal("0.25"))
    check(carol)
    roll_up(NOW)
    check(alice)
    check(carol)
