"""What a dead worker left behind, and what a person decides."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from llm.agents import journal, service
from llm.agents.state import Record, State, UnknownVersion
from llm.agents.tool import AgentTool, Context, tool
from llm.api.faults import Conflict, Fault, NotFound
from llm.models.agents import STATE_VERSION, AgentRun, AgentStep
from llm.providers.scripted import tool_call
from tests.llm.agents.scenes import drive, kinds, make_run, shown

pytestmark = pytest.mark.django_db(transaction=True)


def ordering(done: list[str], **options: Any) -> AgentTool:
    @tool(**{"crash": "once", **options})
    async def order(article: str, *, context: Context) -> str:
        """Order an article."""
        done.append(context.key)
        if article == "late":
            raise RuntimeError("the line went dead")
        return f"Ordered {article}."

    return order


def interrupted(user: User, tool: str = "order") -> AgentRun:
    """Return a run whose worker died while it ordered."""
    past = timezone.now() - timedelta(minutes=1)
    run = make_run(user, tools=[tool], status="running", epoch=1, leased_until=past, started_at=past)
    calls = [{"id": "c1", "name": tool, "arguments": '{"article": "paper"}'}]
    answer = {"text": "", "calls": calls, "final": False, "why": "", "finish": "tool_calls", "model": "m"}
    spent = {"usage": {"input_tokens": 5, "output_tokens": 2}, "cost": "0.01"}
    rows: list[tuple[str, str, int, dict[str, Any]]] = [
        ("model", "started", 1, {"final": False, "why": ""}),
        ("model", "done", 1, {**answer, **spent}),
        ("tool", "started", 2, {"call": "c1", "tool": tool, "arguments": calls[0]["arguments"]}),
    ]
    records = [
        Record(seq=seq, step=step, kind=kind, status=status, data=data, at=past)
        for seq, (kind, status, step, data) in enumerate(rows, 1)
    ]
    journal.append(run.pk, records)
    return run


def stands(run: AgentRun) -> str:
    """Return how the first call stands."""
    status: str = shown(run)["steps"][1]["status"]
    return status


def test_a_pure_tool_runs_again(alice: User) -> None:
    done: list[str] = []
    run = interrupted(alice)
    drive("Done.", tools=[ordering(done, crash="pure")])
    assert (shown(run)["status"], len(done)) == ("completed", 1)


def test_an_idempotent_tool_runs_again_under_the_same_key(alice: User) -> None:
    done: list[str] = []
    run = interrupted(alice)
    drive("Done.", tools=[ordering(done, crash="idempotent")])
    assert done == [f"{run.pk}:2"]


@pytest.mark.parametrize(("approved", "times"), [(True, 1), (False, 0)])
def test_a_once_tool_waits_for_a_person(alice: User, approved: bool, times: int) -> None:
    done: list[str] = []
    run = interrupted(alice)
    drive(tools=[ordering(done)])
    assert (shown(run)["status"], shown(run)["steps"][1]["status"], done) == (
        "awaiting_approval",
        "unknown",
        [],
    )
    service.approve(alice, run.pk, 2, approved=approved, note="It never arrived.")
    script = drive("Done.", tools=[ordering(done)])
    assert (shown(run)["status"], len(done)) == ("completed", times)
    assert ("They say: It never arrived." in script.requests[0].messages[-1].content) == (not approved)


def test_a_once_tool_that_broke_off_is_in_doubt(alice: User) -> None:
    done: list[str] = []
    run = make_run(alice, tools=["order"])
    drive(tool_call("order", article="late"), tools=[ordering(done)])
    assert (shown(run)["status"], stands(run)) == ("awaiting_approval", "unknown")


def test_a_tool_that_asks_first(alice: User, bob: User) -> None:
    done: list[str] = []
    run = make_run(alice, tools=["order"])
    drive(tool_call("order", article="paper"), tools=[ordering(done, approval=True)])
    assert (shown(run)["status"], shown(run)["steps"][1]["status"], done) == (
        "awaiting_approval",
        "waiting",
        [],
    )
    with pytest.raises(NotFound):
        service.approve(bob, run.pk, 2, approved=True)
    with pytest.raises(Conflict):
        service.approve(alice, run.pk, 1, approved=True)
    service.approve(alice, run.pk, 2, approved=True)
    with pytest.raises(Conflict):
        service.approve(alice, run.pk, 2, approved=True)
    drive("Ordered.", tools=[ordering(done, approval=True)])
    assert (shown(run)["status"], len(done)) == ("completed", 1)
    assert kinds(shown(run)["steps"]) == ["model done", "tool done", "approval approved", "model done"]


def test_a_stopped_run_writes_nothing_more(alice: User) -> None:
    run = make_run(alice, status="running", epoch=4)
    service.cancel(alice, run.pk)
    entry = journal.Entry(
        run=run.pk,
        epoch=4,
        records=[Record(seq=1, step=1, kind="model", status="started", data={}, at=timezone.now())],
    )
    journal.store([entry])
    assert entry.refused
    assert (shown(run)["status"], shown(run)["steps"]) == ("cancelled", [])
    assert service.cancel(alice, run.pk).status == "cancelled"


def test_a_worker_that_was_overtaken_writes_nothing(alice: User) -> None:
    run = make_run(alice)
    (first,) = AgentRun.objects.claim(5)
    AgentRun.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    (second,) = AgentRun.objects.claim(5)
    assert AgentRun.objects.claim(5) == []
    late, now = (
        journal.Entry(run=run.pk, epoch=row.epoch, records=[], changes={"result": str(row.epoch)})
        for row in (first, second)
    )
    journal.store([late, now])
    assert (late.refused, now.refused) == (True, False)
    assert shown(run)["result"] == "2"


def test_the_journal_is_never_changed(alice: User) -> None:
    run = interrupted(alice)
    row = AgentStep.objects.filter(run=run).first()
    assert row is not None
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        AgentStep.objects.filter(run=run).update(status="done")


def test_a_permission_is_asked_for_at_every_call(alice: User) -> None:
    done: list[str] = []
    guarded = ordering(done, permission="llm.add_budget")
    run = make_run(alice, tools=["order"])
    drive(tool_call("order", article="paper"), "I may not.", tools=[guarded])
    assert shown(run)["steps"][1]["observation"] == "The person you work for may not use order."
    alice.user_permissions.add(Permission.objects.get(codename="add_budget"))
    make_run(alice, tools=["order"])
    drive(tool_call("order", article="paper"), "Done.", tools=[guarded])
    assert len(done) == 1


def test_a_run_of_a_newer_parley_is_left_alone(alice: User) -> None:
    make_run(alice, state_version=STATE_VERSION + 1)
    assert AgentRun.objects.claim(5) == []
    with pytest.raises(UnknownVersion):
        State([], STATE_VERSION + 1)


def test_only_tools_that_there_are(alice: User) -> None:
    with pytest.raises(Fault, match="no tool named rm"):
        service.start(alice, service.Order(goal="x", tools=["rm"]))
    assert service.start(alice, service.Order(goal="x", tools=["calculate"])).tools == [
        "calculate",
        "complete",
    ]
