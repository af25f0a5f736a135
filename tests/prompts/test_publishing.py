"""What labels say: who may change it, what is kept of it, and who is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse

from prompts import approval, publishing
from prompts.errors import ApprovalNeeded, Decided, InvalidPrompt, LabelMoved, NotAllowed
from prompts.models import PRODUCTION, Prompt, PromptMove, PromptProposal
from prompts.publishing import Change, move_label, rollback
from tests.prompts.factories import activate, make_prompt, publisher, staff

pytestmark = pytest.mark.django_db(transaction=True)

Kind = PromptMove.Kind


def to(prompt: Prompt, number: int, *, kind: str = Kind.MOVE, label: str = PRODUCTION, **more: Any) -> Change:
    return Change(label=label, kind=kind, version=prompt.versions.get(number=number), **more)


def number_of(prompt: Prompt, label: str = PRODUCTION) -> int:
    live = prompt.labelled(label)
    return live.number if live else 0


def test_a_move_writes_who_when_from_to_and_why() -> None:
    prompt, petra = make_prompt("one", "two"), publisher()
    move_label(prompt, PRODUCTION, prompt.versions.get(number=2), who=petra, why="shorter")
    move = PromptMove.objects.latest("id")
    assert (move.who, move.label, move.why, move.kind) == (petra, PRODUCTION, "shorter", "move")
    assert str(move) == "production from 1 to 2"


def test_moving_a_label_where_it_is_writes_nothing() -> None:
    prompt = make_prompt("one")
    activate(prompt, 1)
    assert prompt.moves.count() == 1


@pytest.mark.parametrize("permissions", [(), ("view_prompt", "add_prompt", "change_prompt")])
def test_who_may_not_publish_changes_production_in_no_way(permissions: tuple[str, ...]) -> None:
    prompt, erin = make_prompt("one", "two"), staff("erin", *permissions)
    activate(prompt, 2)
    for kind, weight in ((Kind.MOVE, None), (Kind.CANARY, 5), (Kind.PROMOTE, None), (Kind.STOP, None)):
        with pytest.raises(NotAllowed):
            publishing.perform(prompt, to(prompt, 1, kind=kind, weight=weight), who=erin)
    with pytest.raises(NotAllowed):
        rollback(prompt, PRODUCTION, who=erin)
    assert prompt.moves.count() == 2


def test_an_editor_moves_other_labels_and_who_only_looks_does_not() -> None:
    prompt = make_prompt("one", "two")
    move_label(prompt, "staging", prompt.versions.get(number=2), who=staff("erin", "change_prompt"))
    assert number_of(prompt, "staging") == 2
    with pytest.raises(NotAllowed):
        move_label(prompt, "staging", prompt.versions.get(number=1), who=staff("vera", "view_prompt"))


def test_two_people_move_a_label_and_one_is_told() -> None:
    prompt = make_prompt("one", "two", "three")
    two, three = prompt.versions.get(number=2), prompt.versions.get(number=3)
    move_label(prompt, PRODUCTION, two, who=publisher("ann"), expected=1)
    with pytest.raises(LabelMoved, match="ann moved “production” to version 2 in the meantime"):
        move_label(prompt, PRODUCTION, three, who=publisher("ben"), expected=1)
    assert prompt.labelled() == two


def at_once(*acts: Callable[[], Any]) -> list[Exception | None]:
    """Do all in threads that start together; returns what each raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Exception | None:
        start.wait()
        try:
            act()
        except (LabelMoved, Decided) as error:
            return error
        finally:
            connections.close_all()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_people_who_move_a_label_in_the_same_moment_one_moves_it() -> None:
    prompt, people = make_prompt("0", "1", "2", "3", "4"), [publisher(name) for name in "abcd"]
    told = at_once(
        *(
            lambda who=who, number=number: publishing.perform(prompt, to(prompt, number, expected=1), who=who)
            for number, who in enumerate(people, start=2)
        )
    )
    assert sum(isinstance(error, LabelMoved) for error in told) == 3
    assert prompt.moves.count() == 2


def test_expecting_nothing_finds_a_label_that_appeared() -> None:
    prompt = make_prompt("one", "two")
    with pytest.raises(LabelMoved):
        move_label(prompt, PRODUCTION, prompt.versions.get(number=2), who=None, expected=0)


def test_a_label_stays_with_its_prompt() -> None:
    other = make_prompt(slug="other")
    with pytest.raises(InvalidPrompt):
        move_label(make_prompt(), PRODUCTION, other.versions.get(), who=None)


@pytest.mark.parametrize("label", ["", "Production", "a b", "x" * 33, "1st"])
def test_labels_have_plain_names(label: str) -> None:
    prompt = make_prompt()
    with pytest.raises(InvalidPrompt):
        move_label(prompt, label, prompt.versions.get(), who=None)


def test_a_rollback_goes_where_the_label_was_and_is_audited() -> None:
    prompt, petra = make_prompt("one", "two"), publisher()
    with pytest.raises(InvalidPrompt):
        rollback(prompt, PRODUCTION, who=petra)
    activate(prompt, 2)
    move = rollback(prompt, PRODUCTION, who=petra, why="worse", expected=2)
    assert move
    assert (number_of(prompt), str(move), move.kind, move.who) == (
        1,
        "production from 2 to 1",
        "rollback",
        petra,
    )
    with pytest.raises(LabelMoved):
        rollback(prompt, PRODUCTION, who=petra, expected=2)


def test_a_second_rollback_goes_further_back() -> None:
    prompt, petra = make_prompt("one", "two", "three"), publisher()
    for number in (2, 3):
        activate(prompt, number)
    rollback(prompt, PRODUCTION, who=petra)
    rollback(prompt, PRODUCTION, who=petra)
    assert number_of(prompt) == 1
    with pytest.raises(InvalidPrompt):
        rollback(prompt, PRODUCTION, who=petra)
    activate(prompt, 3)
    rollback(prompt, PRODUCTION, who=petra)
    assert number_of(prompt) == 1


# A second person


@pytest.mark.usefixtures("needs_approval")
def test_a_second_person_approves_and_stands_in_the_audit_row() -> None:
    prompt, ann, ben = make_prompt("one", "two"), publisher("ann"), publisher("ben")
    with pytest.raises(ApprovalNeeded):
        publishing.perform(prompt, to(prompt, 2), who=ann)
    proposal = approval.ask(prompt, to(prompt, 2, why="shorter", expected=1), who=ann)
    assert isinstance(proposal, PromptProposal)
    assert number_of(prompt) == 1
    with pytest.raises(NotAllowed, match="Another person"):
        approval.approve(proposal, who=ann)
    move = approval.approve(proposal, who=ben, note="fine")
    assert move
    assert (number_of(prompt), move.who, move.approver, move.why) == (2, ann, ben, "shorter")
    proposal.refresh_from_db()
    assert (proposal.decision, proposal.decided_by, proposal.note) == ("approved", ben, "fine")
    with pytest.raises(Decided, match="ben has decided this already"):
        approval.decline(proposal, who=publisher("cid"))


@pytest.mark.usefixtures("needs_approval")
def test_an_editor_proposes_and_cannot_decide() -> None:
    prompt, erin, finn = (
        make_prompt("one", "two"),
        staff("erin", "change_prompt"),
        staff("finn", "change_prompt"),
    )
    proposal = approval.ask(prompt, to(prompt, 2), who=erin)
    assert isinstance(proposal, PromptProposal)
    for decide in (approval.approve, approval.decline):
        with pytest.raises(NotAllowed):
            decide(proposal, who=finn)
    approval.decline(proposal, who=erin)  # takes it back
    assert number_of(prompt) == 1
    with pytest.raises(NotAllowed):
        approval.ask(prompt, to(prompt, 2), who=staff("vera", "view_prompt"))


@pytest.mark.usefixtures("needs_approval")
def test_a_stale_proposal_is_told_and_moves_nothing() -> None:
    prompt = make_prompt("one", "two", "three")
    proposal = approval.ask(prompt, to(prompt, 2), who=publisher("ann"))
    assert isinstance(proposal, PromptProposal)
    activate(prompt, 3)
    with pytest.raises(LabelMoved, match="has changed since this was proposed"):
        approval.approve(proposal, who=publisher("ben"))
    proposal.refresh_from_db()
    assert (number_of(prompt), proposal.decision) == (3, "")


@pytest.mark.usefixtures("needs_approval")
def test_going_back_needs_no_second_person_and_a_canary_does() -> None:
    prompt, ann = make_prompt("one", "two"), publisher("ann")
    activate(prompt, 2)
    assert rollback(prompt, PRODUCTION, who=ann)
    with pytest.raises(ApprovalNeeded):
        publishing.perform(prompt, to(prompt, 2, kind=Kind.CANARY, weight=100), who=ann)


@pytest.mark.usefixtures("needs_approval")
def test_of_people_who_decide_in_the_same_moment_one_decides() -> None:
    prompt, ben, cid = make_prompt("one", "two"), publisher("ben"), publisher("cid")
    proposal = approval.ask(prompt, to(prompt, 2), who=publisher("ann"))
    assert isinstance(proposal, PromptProposal)
    one, other = (PromptProposal.objects.get() for _ in range(2))
    told = at_once(lambda: approval.approve(one, who=ben), lambda: approval.decline(other, who=cid))
    assert sum(isinstance(error, Decided) for error in told) == 1


# The admin's pages


def address(name: str, prompt: Prompt, *more: int) -> str:
    return reverse(f"admin:prompts_prompt_{name}", args=[prompt.pk, *more])


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_publishing_and_rolling_back_by_the_pages(client: Client) -> None:
    prompt = make_prompt("one", "two")
    client.force_login(publisher())
    sent = {"kind": "move", "why": "shorter", "expected": "1"}
    response = client.post(address("publish", prompt, 2), sent, follow=True)
    assert told(response) == ["Version 2 is active. The next message uses it."]
    assert b"Roll back to version 1" in response.content
    assert b"shorter" in response.content
    response = client.post(address("rollback", prompt), {"expected": "2"}, follow=True)
    assert told(response) == ["Version 1 is active. The next message uses it."]
    response = client.post(address("publish", prompt, 2), {**sent, "expected": "2"}, follow=True)
    assert "in the meantime" in told(response)[0]


def test_an_editor_publishes_by_no_form_address_or_action(client: Client) -> None:
    prompt = make_prompt("one", "two")
    client.force_login(staff("erin", "view_prompt", "add_prompt", "change_prompt"))
    assert b"Publish version 2</button>" not in client.get(address("publish", prompt, 2)).content
    for kind in ("move", "canary"):
        assert client.post(address("publish", prompt, 2), {"kind": kind, "weight": "5"}).status_code == 403
    assert client.post(address("publish", prompt, 2), {"kind": "promote"}).status_code == 403
    assert client.post(address("rollback", prompt), {}).status_code == 403
    listed = client.get(reverse("admin:prompts_prompt_changelist"))
    assert (
        listed.context["action_form"] is None
        or [name for name, _ in listed.context["action_form"].fields["action"].choices if name] == []
    )
    client.post(
        reverse("admin:prompts_prompt_changelist"), {"action": "publish", "_selected_action": prompt.pk}
    )
    assert (number_of(prompt), prompt.moves.count()) == (1, 1)
    response = client.post(address("publish", prompt, 2), {"to": "other", "label": "staging"}, follow=True)
    assert told(response) == ["“staging” is version 2 now."]


@pytest.mark.usefixtures("needs_approval")
def test_a_proposal_is_decided_by_another_person_on_the_page(client: Client) -> None:
    prompt = make_prompt("one", "two")
    client.force_login(publisher("ann"))
    response = client.post(address("publish", prompt, 2), {"why": "shorter"}, follow=True)
    assert told(response)[0].startswith("Proposed.")
    proposal = PromptProposal.objects.get()
    approve = {"decision": "approved", "note": "fine"}
    assert client.post(address("decide", prompt, proposal.pk), approve).status_code == 403
    client.force_login(publisher("ben"))
    response = client.post(address("decide", prompt, proposal.pk), approve, follow=True)
    assert told(response) == ["Version 2 is active. The next message uses it."]
    assert b"approved by ben" in response.content


def test_strangers_reach_no_page(client: Client, bob: User) -> None:
    prompt = make_prompt("one", "two")
    client.force_login(bob)
    for where in (address("publish", prompt, 2), address("rollback", prompt), address("compare", prompt)):
        assert client.post(where).status_code == 302
    client.force_login(staff("nobody"))
    for where in (address("publish", prompt, 2), address("rollback", prompt), address("compare", prompt)):
        assert client.post(where).status_code == 403
