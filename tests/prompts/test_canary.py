"""A label that is split: sticky, fair, and ended by promoting or stopping."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from llm.models import Call
from prompts import publishing, service
from prompts.canary import is_in
from prompts.comparison import Figure, compare, difference, quantile_ranks, wilson
from prompts.errors import InvalidPrompt, LabelMoved
from prompts.models import PRODUCTION, Prompt, PromptLabel, PromptMove
from prompts.publishing import Change, rollback
from tests.prompts.factories import make_prompt, publisher

pytestmark = pytest.mark.django_db(transaction=True)

Kind = PromptMove.Kind
USERS = [f"user:{number}" for number in range(10_000)]
SALT = UUID(int=4)
WEIGHTS = (1, 5, 10, 25, 50, 75, 99, 100)


def change(prompt: Prompt, kind: str, number: int, weight: int | None = None) -> None:
    version = prompt.versions.get(number=number)
    given = Change(label=PRODUCTION, kind=kind, version=version, weight=weight)
    publishing.perform(prompt, given, who=None)


def on_canary(label: PromptLabel) -> set[str]:
    return {user for user in USERS if label.version_for(user) == label.canary}


def label_of(prompt: Prompt) -> PromptLabel:
    return PromptLabel.objects.of(prompt.slug, PRODUCTION).get()


def drawn(label: PromptLabel) -> PromptLabel:
    """The label with lots that are always the same: by chance one draw in some is off by more than 1 %."""
    label.prompt_id, label.salt = 1, SALT
    return label


def test_ten_thousand_users_split_by_the_weight_and_none_is_moved_back() -> None:
    prompt = make_prompt("one", "two")
    before: set[str] = set()
    for weight in WEIGHTS:
        change(prompt, Kind.CANARY, 2, weight)
        now = on_canary(label_of(prompt))
        assert abs(len(on_canary(drawn(label_of(prompt)))) / len(USERS) - weight / 100) <= 0.01
        assert before <= now
        assert on_canary(label_of(prompt)) == now
        before = now


def test_another_canary_draws_other_lots() -> None:
    prompt = make_prompt("one", "two")
    change(prompt, Kind.CANARY, 2, 10)
    first = on_canary(label_of(prompt))
    change(prompt, Kind.STOP, 1)
    change(prompt, Kind.CANARY, 2, 10)
    assert len(first & on_canary(label_of(prompt))) < len(first) / 2


def test_a_lot_is_the_same_in_every_process() -> None:
    assert [is_in(f"1:salt:user:{number}", 50) for number in range(6)] == [
        True,
        False,
        True,
        True,
        True,
        False,
    ]


def test_rendering_takes_the_version_of_the_subject() -> None:
    prompt = make_prompt("one", "two")
    change(prompt, Kind.CANARY, 2, 50)
    label = label_of(prompt)
    for user in USERS[:20]:
        rendered = asyncio.run(service.render("greeting", subject=user))
        assert rendered.version == label.version_for(user).number
    assert asyncio.run(service.render("greeting")).version == 1


def test_each_step_of_a_canary_is_an_audit_row() -> None:
    prompt = make_prompt("one", "two")
    change(prompt, Kind.CANARY, 2, 10)
    change(prompt, Kind.CANARY, 2, 50)
    change(prompt, Kind.STOP, 1)
    change(prompt, Kind.CANARY, 2, 5)
    change(prompt, Kind.PROMOTE, 2)
    rows = [(move.kind, str(move)) for move in reversed(prompt.moves.all()[:5])]
    assert rows == [
        ("canary", "production from 1 to 2, 10 %"),
        ("canary", "production from 1 to 2, 50 %"),
        ("stop", "production from 2 to 1"),
        ("canary", "production from 1 to 2, 5 %"),
        ("promote", "production from 1 to 2"),
    ]
    label = label_of(prompt)
    assert (label.version.number, label.canary, label.weight) == (2, None, 0)
    assert rollback(prompt, PRODUCTION, who=None)
    assert label_of(prompt).version.number == 1


def test_a_rollback_ends_a_canary_first() -> None:
    prompt = make_prompt("one", "two")
    change(prompt, Kind.CANARY, 2, 10)
    move = rollback(prompt, PRODUCTION, who=None)
    assert move
    assert (move.kind, label_of(prompt).canary, label_of(prompt).version.number) == ("stop", None, 1)


def test_who_did_not_see_the_canary_is_told() -> None:
    prompt = make_prompt("one", "two", "three")
    change(prompt, Kind.CANARY, 2, 10)
    for kind, number, weight in ((Kind.MOVE, 3, None), (Kind.CANARY, 3, 5), (Kind.PROMOTE, 3, None)):
        with pytest.raises(LabelMoved):
            change(prompt, kind, number, weight)
    change(prompt, Kind.STOP, 1)
    with pytest.raises(LabelMoved):
        change(prompt, Kind.PROMOTE, 2)


@pytest.mark.parametrize("weight", [None, 0, 101])
def test_a_share_is_from_1_to_100(weight: int | None) -> None:
    with pytest.raises(InvalidPrompt):
        change(make_prompt("one", "two"), Kind.CANARY, 2, weight)


def test_a_canary_is_another_version() -> None:
    with pytest.raises(InvalidPrompt):
        change(make_prompt("one"), Kind.CANARY, 1, 5)


# Comparing


def test_wilson_is_as_published() -> None:
    figure = wilson(1, 10)  # Newcombe 1998: 0.0179 to 0.4042
    assert figure.low == pytest.approx(0.0179, abs=1e-4)
    assert figure.high == pytest.approx(0.4042, abs=1e-4)
    assert wilson(0, 0).value is None
    assert wilson(0, 5).low == 0


def test_a_difference_is_as_published() -> None:
    more = difference(wilson(56, 70), wilson(48, 80))  # Newcombe 1998, example (a): 0.0524 to 0.3339
    assert more.value == pytest.approx(0.2)
    assert more.low == pytest.approx(0.0524, abs=1e-4)
    assert more.high == pytest.approx(0.3339, abs=1e-4)
    assert difference(wilson(1, 2), wilson(0, 0)) == Figure()


def test_ranks_stay_within_the_values() -> None:
    assert quantile_ranks(100, 0.5) == (49, 40, 60)
    assert quantile_ranks(1, 0.95) == (0, 0, 0)


def call(
    number: int,
    ms: int,
    *,
    outcome: str = "ok",
    cost: str | None = "0.01",
    cached: bool = False,
    feature: str = "chat",
) -> Call:
    return Call(
        request_id=uuid4(),
        feature=feature,
        prompt="greeting",
        prompt_version=number,
        provider="local",
        model="m",
        outcome=outcome,
        total_ms=ms,
        cached=cached,
        cost=None if cost is None else Decimal(cost),
    )


def test_compares_the_calls_of_two_versions() -> None:
    Call.objects.bulk_create([call(1, ms) for ms in range(1, 101)])
    Call.objects.bulk_create(
        [
            call(2, 50, outcome="overloaded"),
            call(2, 70, cost=None),
            call(2, 1, cached=True),
            call(2, 9, feature="cases"),
            call(2, 9, feature="playground"),
        ]
    )
    one, two, three = compare("greeting", [1, 2, 3], timezone.now() - timedelta(hours=1))
    assert (one.calls, one.errors, one.p50.value, one.p95.value) == (100, 0, 50, 95)
    assert one.cost is not None
    assert round(one.cost, 6) == Decimal("1.00")
    assert one.cost_per_call.value == pytest.approx(0.01)
    assert (two.calls, two.cached, two.errors, two.unpriced, two.error_rate.value) == (2, 1, 1, 1, 0.5)
    assert (three.calls, three.p50.value, three.cost, three.error_rate.value) == (0, None, None, None)


def test_the_page_compares_promotes_and_stops(client: Client) -> None:
    prompt = make_prompt("one", "two")
    client.force_login(publisher())
    form = reverse("admin:prompts_prompt_publish", args=[prompt.pk, 2])
    client.post(form, {"kind": "canary", "weight": "20", "expected": "1", "expected_weight": "0"})
    Call.objects.bulk_create([call(2, 70)])
    page = reverse("admin:prompts_prompt_compare", args=[prompt.pk])
    shown = client.get(page).content.decode()
    assert "70 ms (70 ms to 70 ms)" in shown
    assert "Nobody has judged answers of both versions yet." in shown
    sent = {"kind": "promote", "expected": "1", "expected_weight": "20", "why": "faster"}
    client.post(page, {**sent, "expected_weight": "10"})
    client.post(page, {**sent, "canary": "9"})
    assert label_of(prompt).canary
    client.post(page, sent)
    assert label_of(prompt).version.number == 2
    assert client.get(page).status_code == 302
