"""Equal requests of real processes at one Redis make one call; the death of one is not the others' end."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.services.callers import Caller, CallingSite, in_file, question, site_of
from tests.wire import WireServer, status, text

pytestmark = pytest.mark.redis

ROWS = """
import json
from llm.models import Call
rows = Call.objects.filter(feature="{text}").order_by("outcome", "cached")
print(json.dumps(list(rows.values_list("outcome", "cached", "estimated"))))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    with WireServer() as server:
        yield server


@pytest.fixture
def wire(server: WireServer) -> WireServer:
    """The module's server, which has seen nothing yet."""
    server._script.clear()
    server.requests.clear()
    return server


@pytest.fixture(scope="module")
def site(server: WireServer, tmp_path_factory: pytest.TempPathFactory) -> CallingSite:
    return site_of(in_file(tmp_path_factory.mktemp("site")), server.openai_url)


@pytest.fixture(scope="module")
def living(site: CallingSite) -> Iterator[list[Caller]]:
    """Processes that serve test after test: they take seconds to start."""
    callers: list[Caller] = []
    yield callers
    for caller in callers:
        caller.end()


@pytest.fixture
def three(site: CallingSite, living: list[Caller]) -> list[Caller]:
    """Three processes; those that a test killed are replaced."""
    living[:] = [caller for caller in living if caller.lives]
    living.extend(Caller(site.environment) for _ in range(3 - len(living)))
    for caller in living:
        caller.ready()
    return living[:]


def answered(count: int):  # type: ignore[no-untyped-def]
    return lambda caller: len(caller.answers()) == count


def test_a_hundred_equal_cold_requests_make_one_upstream_call(
    wire: WireServer, site: CallingSite, three: list[Caller]
) -> None:
    gate, asked = wire.gate(), question()
    wire.script(text("Once ", "upon ", "a time", gate=gate))
    for n in range(50):
        three[n % 3].order(id=n, text=asked, streamed=n % 2 == 0)
    wire.wait(lambda: len(wire.requests) == 1)
    gate.let()
    for caller in three:
        caller.hear(lambda one: any("seen" in said for said in one.said))
    for n in range(50, 100):  # these come late, and get what has come so far
        three[n % 3].order(id=n, text=asked, streamed=n % 2 == 0)
    for late in (50, 52, 54):
        three[late % 3].hear(lambda one, late=late: one.seen(late) == "Once ")  # type: ignore[misc]
    gate.open()
    for n, caller in enumerate(three):
        caller.hear(answered(34 if n == 0 else 33))
    answers = [answer for caller in three for answer in caller.answers()]
    assert {answer["text"] for answer in answers} == {"Once upon a time"}
    assert {answer["streamed"] for answer in answers} == {"", "Once upon a time"}
    assert sum(answer["cached"] for answer in answers) == 99
    assert len(wire.requests) == 1
    assert site.shell(ROWS.format(text=asked)) == [["ok", False, False]] + [["ok", True, False]] * 99


def test_who_asks_right_after_gets_the_kept_reply(wire: WireServer, three: list[Caller]) -> None:
    wire.script(text("Hi"))
    asked = question()
    for caller in three:
        caller.order(id=1, text=asked, streamed=True)
        caller.hear(answered(1))
    assert [caller.answers()[0]["streamed"] for caller in three] == ["Hi"] * 3


def test_when_the_leader_is_killed_the_others_get_an_answer(wire: WireServer, three: list[Caller]) -> None:
    asked, gate = question(), wire.gate()
    wire.script(text("Never ", "told", gate=gate), text("Told"))
    leader, *others = three
    leader.order(id=1, text=asked)
    wire.wait(lambda: len(wire.requests) == 1)
    for caller in others:
        caller.order(id=1, text=asked, streamed=True)
        caller.order(id=2, text=asked)
    leader.kill()
    for caller in others:
        caller.hear(lambda one: {answer["id"] for answer in one.answers()} >= {1, 2}, within=15)
    answers = [answer for caller in others for answer in caller.answers() if answer["id"] < 3]
    assert {answer.get("text") for answer in answers} == {"Told"}
    assert len(wire.requests) <= 3


def test_a_reader_who_saw_a_part_is_told_when_the_leader_is_killed(
    wire: WireServer, three: list[Caller]
) -> None:
    asked, gate = question(), wire.gate()
    wire.script(text("Half ", "told", gate=gate), text("Told"))
    leader, saw, waits = three
    leader.order(id=1, text=asked)
    wire.wait(lambda: len(wire.requests) == 1)
    saw.order(id=1, text=asked, streamed=True)
    waits.order(id=1, text=asked)
    gate.let()
    saw.hear(lambda one: one.seen(1) == "Half ")
    leader.kill()
    saw.hear(answered(1), within=15)
    assert (saw.answers()[0]["error"], saw.answers()[0]["streamed"]) == ("unavailable", "Half ")
    waits.hear(answered(1), within=15)
    assert waits.answers()[0].get("text") == "Told", waits.answers()
    gate.open()


def test_the_last_reader_of_all_processes_who_leaves_closes_the_upstream(
    wire: WireServer, site: CallingSite, three: list[Caller]
) -> None:
    asked, gate = question(), wire.gate()
    wire.script(text("Once ", "upon ", "a time", gate=gate))
    leader, other, _ = three
    leader.order(id=1, text=asked, streamed=True)
    wire.wait(lambda: len(wire.requests) == 1)
    other.order(id=1, text=asked, streamed=True)
    gate.let()
    other.hear(lambda one: one.seen(1) == "Once ")
    leader.order(leave=1)
    leader.hear(lambda one: {"left": 1} in one.said)
    gate.let()
    other.hear(lambda one: one.seen(1) == "Once upon ")  # whoever leaves changes nothing for the others
    assert not wire.requests[0].closed
    other.order(leave=1)
    wire.wait(lambda: wire.requests[0].closed)
    assert site.shell(ROWS.format(text=asked)) == [["stopped", False, True]]


def test_the_leaders_failure_reaches_all(wire: WireServer, three: list[Caller]) -> None:
    asked, tail = question(), wire.gate()
    wire.script(text("Half", tail=tail, ending="cut"))
    for caller in three:
        caller.order(id=1, text=asked, streamed=True)
    for caller in three:
        caller.hear(lambda one: one.seen(1) == "Half")
    tail.open()
    for caller in three:
        caller.hear(answered(1))
        assert (caller.answers()[0]["error"], caller.answers()[0]["streamed"]) == ("unavailable", "Half")
    assert len(wire.requests) == 1


def test_a_refused_request_is_refused_for_all_alike(wire: WireServer, three: list[Caller]) -> None:
    wire.script(*[status(400, message="no")] * 3)
    asked = question()
    for caller in three:
        caller.order(id=1, text=asked)
    for caller in three:
        caller.hear(answered(1))
    assert {caller.answers()[0]["error"] for caller in three} == {"invalid"}


def test_without_redis_a_process_answers_all_the_same(wire: WireServer, site: CallingSite) -> None:
    wire.script(text("Hi"))
    alone = Caller(replace(site, redis="redis://127.0.0.1:1/0").environment)
    alone.ready()
    alone.order(id=1, text=question(), streamed=True)
    alone.hear(answered(1))
    alone.end()
    assert alone.answers()[0]["streamed"] == "Hi"
