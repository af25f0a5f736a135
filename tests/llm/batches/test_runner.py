"""What a worker does with a batch, over a scripted model."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_ox.models import OxTask

from llm import runloop
from llm.batches import service
from llm.batches.feed import MOST_TRIES
from llm.batches.runner import carry_out
from llm.models import ApiKey, Batch, BatchItem, Budget, Call, ExtractionSchema
from llm.origin import Origin, coming_from
from llm.testing import say, script
from llm.types import Usage
from tests.config.calling import SENTIMENT
from tests.llm.batches.conftest import make_batch, worked
from tests.wire import WireServer, status, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def local(model: WireServer, settings: Any) -> WireServer:
    """The scripted server as the local model, which costs nothing and is not throttled."""
    settings.PARLEY = settings.PARLEY.model_copy(
        update={"parley_local_url": model.openai_url, "parley_models": "local:smollm2"}
    )
    return model.always(text(SENTIMENT))


def states(batch: Batch) -> list[str]:
    return list(batch.items.values_list("status", flat=True))


def waiting(batch: Batch) -> float:
    """Return after how many seconds the newest task of the batch is due."""
    task = OxTask.objects.order_by("-enqueued_at").first()
    assert task
    assert task.args == [str(batch.pk)]
    return (task.run_after - timezone.now()).total_seconds() if task.run_after else 0.0


def test_every_text_is_asked_once_and_counted(local: WireServer, alice: User) -> None:
    batch = worked(make_batch(alice, *"abcdefghij", cache=False))
    assert (batch.status, batch.done, batch.failed, batch.cost) == ("completed", 10, 0, Decimal(0))
    assert len(local.requests) == 10
    used = sum(Call.objects.values_list("input_tokens", flat=True))
    assert batch.input_tokens == used == sum(batch.items.values_list("input_tokens", flat=True))
    assert batch.items.get(index=3).found == json.loads(SENTIMENT)
    assert set(Call.objects.values_list("user", flat=True)) == {alice.pk}
    assert batch.items.filter(request_id__in=Call.objects.values("request_id")).count() == 10


def test_its_calls_go_by_the_id_of_the_request_that_began_it(local: WireServer, alice: User) -> None:
    with coming_from(Origin(correlation_id="shop-4711")):
        batch = make_batch(alice, "a", "b", cache=False)
    worked(batch)
    assert set(Call.objects.values_list("correlation_id", flat=True)) == {"shop-4711"}


def test_no_more_at_a_time_than_asked_for(local: WireServer, alice: User) -> None:
    gate = local.gate()
    local.always(text(SENTIMENT, gate=gate))
    batch = make_batch(alice, *"abcdefghij", concurrency=3)
    work = runloop.submit(carry_out(batch.pk))
    local.wait(lambda: local.streams == 3)
    assert states(batch)[:4] == ["running", "running", "running", "queued"]
    gate.let(1000)
    work.result(30)
    assert local.most_streams == 3
    batch.refresh_from_db()
    assert batch.status == "completed"


def test_a_cancelled_batch_is_left_and_its_calls_are_stopped(local: WireServer, alice: User) -> None:
    local.script(text(SENTIMENT)).always(text(SENTIMENT, gate=local.gate()))
    batch = make_batch(alice, *"abcde", concurrency=2)
    work = runloop.submit(carry_out(batch.pk))
    local.wait(lambda: local.streams == 2 and len(local.requests) == 3)
    assert service.cancel(batch.pk)
    work.result(10)
    assert sum(seen.closed for seen in local.requests) == 2
    batch.refresh_from_db()
    assert (batch.status, batch.done) == ("cancelled", 1)
    assert sorted(states(batch)) == ["cancelled"] * 4 + ["done"]


def test_one_that_was_tried_again_at_once_is_lost_to_the_old_worker(local: WireServer, alice: User) -> None:
    gate = local.gate()
    local.script(text(SENTIMENT, gate=gate))
    batch = make_batch(alice, "a")
    old = runloop.submit(carry_out(batch.pk))
    local.wait(lambda: local.streams == 1)
    service.cancel(batch.pk)
    assert service.retry(batch.pk) == 1
    old.result(10)
    assert worked(batch).status == "completed"
    assert batch.done == 1


def test_what_is_left_after_the_turn_is_queued_again(local: WireServer, alice: User) -> None:
    batch = make_batch(alice, *"abc", concurrency=1)
    gate = local.gate()
    local.script(text(SENTIMENT, gate=gate))
    work = runloop.submit(carry_out(batch.pk, seconds=0.3))
    local.wait(lambda: local.streams == 1)
    deadline = runloop.submit(_pause(0.4))
    deadline.result(5)
    gate.let(1000)
    work.result(10)
    batch.refresh_from_db()
    assert (batch.status, batch.done, batch.leased_until) == ("running", 1, None)
    assert states(batch) == ["done", "queued", "queued"]
    assert (OxTask.objects.count(), waiting(batch)) == (2, 0.0)
    assert worked(batch).status == "completed"


async def _pause(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def test_what_a_dead_worker_left_is_done_and_what_is_done_stays(local: WireServer, alice: User) -> None:
    batch = make_batch(alice, *"abcd")
    batch.items.filter(index=0).update(status="done", data='{"kept": true}')
    batch.items.filter(index=1).update(status="running", tries=1)
    batch.items.filter(index=2).update(status="running", tries=MOST_TRIES)
    Batch.objects.filter(pk=batch.pk).update(
        status="running", done=1, epoch=1, leased_until=timezone.now() - timedelta(seconds=1)
    )
    batch = worked(batch)
    assert states(batch) == ["done", "done", "failed", "done"]
    assert batch.items.get(index=0).found == {"kept": True}
    assert "broken off too often" in str(batch.items.get(index=2).trouble)
    assert (batch.status, batch.done, batch.failed, len(local.requests)) == ("completed", 4, 1, 2)


def test_an_outage_is_waited_out(model: WireServer, alice: User) -> None:
    model.always(status(503))
    batch = worked(make_batch(alice, "a", "b", concurrency=1))
    assert (batch.status, states(batch)) == ("running", ["queued", "queued"])
    assert waiting(batch) > 1
    model.always(text(SENTIMENT))
    BatchItem.objects.update(tries=MOST_TRIES - 1)
    assert worked(batch).failed == 0


def test_an_outage_without_end_is_a_failure(model: WireServer, alice: User) -> None:
    model.always(status(503))
    batch = make_batch(alice, "a")
    BatchItem.objects.update(tries=MOST_TRIES - 1)
    batch = worked(batch)
    assert (batch.status, batch.failed) == ("completed", 1)
    assert batch.items.get().trouble["status"] == 503  # type: ignore[index]


def test_a_quota_is_waited_for_and_costs_no_try(local: WireServer, alice: User, settings: Any) -> None:
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_quota": "4/minute"})
    batch = worked(make_batch(alice, *"abcde", concurrency=1))
    assert (batch.status, batch.done, len(local.requests)) == ("running", 3, 3)
    assert set(Call.objects.values_list("feature", flat=True)) == {"batch"}
    assert set(batch.items.filter(status="queued").values_list("tries", flat=True)) == {0}
    assert 1 < waiting(batch) <= 60


def test_a_budget_holds_for_each_text(model: WireServer, alice: User) -> None:
    Budget.objects.create(scope="user", user=alice, period="day", limit="0.01")
    model.always(text(SENTIMENT))
    batch = worked(make_batch(alice, "a", "b", model="openai:gpt-5.5"))
    assert (batch.status, batch.failed) == ("completed", 2)
    assert {(item.trouble or {})["code"] for item in batch.items.all()} == {"no_price"}
    assert model.requests == []


def test_what_a_spent_budget_stopped_is_done_once_there_is_room_again(alice: User) -> None:
    """A text costs $0.0045, and $0.074 is set aside for it: the second finds too little left."""
    flag = ExtractionSchema.objects.create(name="flag")
    asks = flag.versions.create(number=1, source='{"type": "boolean"}')
    purse = Budget.objects.create(scope="feature", feature="batch", period="day", limit="0.0765")
    answer = say("true", usage=Usage(output_tokens=1000))
    batch = make_batch(alice, "a", "b", concurrency=1, cache=False)
    Batch.objects.filter(pk=batch.pk).update(schema="flag", schema_version=asks)
    with script(answer, answer, pipeline="site", models=("openai:gpt-5.4-mini",)) as asked:
        batch = worked(batch)
        assert (batch.status, states(batch), len(asked.requests)) == ("completed", ["done", "failed"], 1)
        assert (batch.items.get(index=1).trouble or {})["code"] == "over_budget"
        Budget.objects.filter(pk=purse.pk).update(limit=5)
        assert service.retry(batch.pk) == 1
        batch = worked(batch)
    assert (batch.status, states(batch), len(asked.requests)) == ("completed", ["done", "done"], 2)
    assert batch.cost == Decimal("0.009")


def test_a_batch_keeps_the_version_it_began_with(local: WireServer, alice: User) -> None:
    made = ExtractionSchema.objects.create(name="flag")
    old = made.versions.create(number=1, source='{"type": "boolean"}')
    made.versions.create(number=2, source='{"type": "string"}')
    local.always(text("true"))
    batch = make_batch(alice, "a")
    Batch.objects.filter(pk=batch.pk).update(schema="flag", schema_version=old)
    assert worked(batch).items.get().found is True


def test_a_schema_that_is_gone_is_told(local: WireServer, alice: User) -> None:
    batch = make_batch(alice, "a")
    Batch.objects.filter(pk=batch.pk).update(schema="gone")
    assert worked(batch).failed == 1
    assert "gone" in batch.items.get().trouble["detail"]  # type: ignore[index]


def test_who_was_shut_out_spends_no_more(local: WireServer, alice: User) -> None:
    batch = make_batch(alice, "a")
    alice.is_active = False
    alice.save()
    assert worked(batch).status == "cancelled"
    assert local.requests == []
    assert "was shut out" in Batch.objects.get(pk=batch.pk).why_stopped


def test_a_key_that_is_revoked_stops_its_batch_and_what_is_done_stays(local: WireServer, alice: User) -> None:
    key, _ = ApiKey.objects.issue(user=alice, name="theirs")
    batch = make_batch(alice, "a", "b", concurrency=1)
    Batch.objects.filter(pk=batch.pk).update(key=key)
    BatchItem.objects.filter(index=0).update(status="done", data="{}")
    key.revoke()
    for again in (False, True):
        assert not again or service.retry(batch.pk) == 1
        batch = worked(Batch.objects.get(pk=batch.pk))
        assert (batch.status, states(batch), local.requests) == ("cancelled", ["done", "cancelled"], [])
        assert "key that started it was revoked" in batch.why_stopped


def test_one_that_was_cancelled_by_hand_has_no_other_reason(local: WireServer, alice: User) -> None:
    batch = make_batch(alice, "a")
    service.cancel(batch.pk)
    assert Batch.objects.get(pk=batch.pk).why_stopped == ""
