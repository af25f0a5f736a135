"""Staff find runs in the admin, read what each did, stop it, and answer what it asks."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from llm import runloop
from llm.agents import service
from llm.agents.tool import tool
from llm.models import AgentRun, AgentStep
from llm.providers.scripted import tool_call
from tests.llm.agents.scenes import drive, make_run
from tests.llm.factories import make_call

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/llm/agentrun/"


@tool(crash="once", approval=True)
async def order(article: str) -> str:
    """Order an article.

    Args:
        article: Its name.
    """
    return f"Ordered {article}."


@pytest.fixture
def staff(client: Client, carol: User) -> Client:
    client.force_login(carol)
    return client


@pytest.fixture
def reader(bob: User) -> Client:
    """Somebody who may look at runs and not change them."""
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_agentrun"))
    client = Client()
    client.force_login(bob)
    return client


def address(run: AgentRun, name: str = "change") -> str:
    return reverse(f"admin:llm_agentrun_{name}", args=[run.pk])


def page(client: Client, run: AgentRun) -> str:
    return client.get(address(run)).content.decode()


def asking(user: User) -> AgentRun:
    """A run that waits for an answer about an order."""
    run = make_run(user, "Order paper", tools=["order", "complete"])
    drive(tool_call("order", article="paper"), tools=[order])
    return AgentRun.objects.get(pk=run.pk)


def listed(client: Client, **asked: str) -> set[str]:
    found: Any = client.get(LIST, asked).context
    return {run.goal for run in found["cl"].result_list}


def test_runs_are_found_by_state_cost_person_tool_day_and_words(
    staff: Client, alice: User, bob: User
) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    make_run(alice, "free")
    make_run(alice, "dear", cost=Decimal("1.5"), status="completed")
    make_run(bob, "cheap", cost=Decimal("0.005"), status="failed", created_at=old)
    searched = make_run(bob, "unpriced", cost=None, status="completed")
    AgentStep.objects.create(run=searched, seq=1, step=1, kind="tool", status="done", data={"tool": "search"})
    assert listed(staff) == {"free", "dear", "cheap", "unpriced"}
    assert listed(staff, status__exact="completed") == {"dear", "unpriced"}
    costs = {
        "nothing": {"free"},
        "cent": {"cheap"},
        "dollar": set(),
        "more": {"dear"},
        "unknown": {"unpriced"},
    }
    assert {name: listed(staff, cost=name) for name in costs} == costs
    assert listed(staff, person="bob") == {"cheap", "unpriced"}
    assert listed(staff, tool="search") == {"unpriced"}
    assert listed(staff, created_at__year="2020") == {"cheap"}
    assert listed(staff, q="dea") == {"dear"}
    for column in range(1, 9):
        assert listed(staff, o=f"-{column}") == {"free", "dear", "cheap", "unpriced"}
    by_cost: Any = staff.get(LIST, {"o": "-6", "cost": "more"}).context
    assert [run.goal for run in by_cost["cl"].result_list] == ["dear"]


def test_a_page_of_the_list_costs_the_same_however_many_runs(
    staff: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make_run(alice, f"Goal {number}")
    with django_assert_max_num_queries(10):
        staff.get(LIST)


def test_every_step_is_told_with_what_it_took(staff: Client, alice: User) -> None:
    run = make_run(alice)
    drive(tool_call("calculate", expression="37 * 43"), "It is <b>1591</b>.")
    question = AgentStep.objects.filter(run=run, kind="model", status="done").first()
    assert question
    call = make_call(alice, request_id=question.data["request_id"])
    shown = page(staff, run)
    assert "&quot;expression&quot;: &quot;37 * 43&quot;" in shown
    assert "<pre>1591</pre>" in shown
    assert "It is &lt;b&gt;1591&lt;/b&gt;." in shown
    assert "runs again (pure)" in shown
    assert shown.count("1 attempt<") == 3
    assert f"epoch 1, {question.worker}" in shown
    assert reverse("call", args=[call.pk]) in shown
    assert "Stop the run" not in shown
    assert 'http-equiv="refresh"' not in shown
    waits = page(staff, make_run(alice))
    assert "Nothing was done yet" in waits
    assert '<noscript><meta http-equiv="refresh"' in waits


@pytest.mark.parametrize(("decision", "result"), [("approve", "Ordered paper."), ("deny", "Not needed.")])
def test_a_call_is_decided_on_for_another(
    staff: Client, alice: User, carol: User, decision: str, result: str
) -> None:
    run = asking(alice)
    assert "Note for the model" in page(staff, run)
    sent = {"step": "2", "decision": decision, "note": "Not needed."}
    assert staff.post(address(run, "decide"), sent).status_code == 302
    drive("Done.", tools=[order])
    shown = page(staff, run)
    assert result in shown
    assert "Note for the model" not in shown
    approval = AgentStep.objects.get(run=run, kind="approval")
    assert (approval.data["by"], approval.epoch, approval.worker) == (carol.pk, None, "")
    again = staff.post(address(run, "decide"), sent, follow=True).content.decode()
    assert "Somebody has answered already" in again
    assert staff.post(address(run, "decide"), {"step": "\u0663"}).status_code == 302


def test_a_run_is_stopped(staff: Client, alice: User) -> None:
    run = asking(alice)
    assert "is stopped" in staff.post(address(run, "cancel"), follow=True).content.decode()
    assert "had ended already" in staff.post(address(run, "cancel"), follow=True).content.decode()
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_who_may_only_look_changes_nothing(reader: Client, alice: User) -> None:
    run = asking(alice)
    shown = page(reader, run)
    assert "Order paper" in shown
    assert "Stop the run" not in shown
    assert "Note for the model" not in shown
    for name, sent in (("cancel", {}), ("decide", {"step": "2", "decision": "approve"})):
        assert reader.post(address(run, name), sent).status_code == 403
        assert reader.get(address(run, name)).status_code == 405
    run.refresh_from_db()
    assert run.status == "awaiting_approval"


def test_who_may_not_look_sees_nothing(reader: Client, bob: User, alice: User) -> None:
    run = asking(alice)
    bob.user_permissions.clear()
    for name in ("change", "events"):
        assert reader.get(address(run, name)).status_code == 403
    assert reader.get(LIST).status_code == 403


def test_news_of_a_run_end_with_it(staff: Client, alice: User) -> None:
    run = asking(alice)
    service.cancel(alice, run.pk)
    said: Any = staff.get(address(run, "events"), {"after": "nonsense"})

    async def read() -> bytes:
        return b"".join([part async for part in said])

    events = runloop.wait(read()).decode()
    assert events.endswith("event: end\ndata:\n\n")
    assert "data: cancelled\n\n" in events
