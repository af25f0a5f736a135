"""One holder at a time, and no write of one that was overtaken. Batches are the rows here."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from llm import lease, runloop
from llm.lease import Lease, LeaseLost
from llm.models import Batch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row(alice: User) -> Batch:
    return Batch.objects.create(user=alice, schema="sentiment", total=1)


def claimed(row: Batch) -> Lease[Batch] | None:
    return runloop.wait(lease.claim(Batch.objects.active(), row.pk))


def run_out(row: Batch) -> None:
    Batch.objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


def rename(title: str) -> lease.Change[Batch, None]:
    def change(row: Batch) -> None:
        row.title = title
        row.save(update_fields=["title"])

    return change


def test_one_holds_it_at_a_time(row: Batch) -> None:
    assert claimed(row)
    assert claimed(row) is None


def test_another_takes_it_once_the_lease_has_run_out(row: Batch) -> None:
    first = claimed(row)
    run_out(row)
    second = claimed(row)
    assert first
    assert second
    assert second.epoch == first.epoch + 1


def test_a_claim_is_a_lease_of_seconds(row: Batch) -> None:
    claimed(row)
    row.refresh_from_db()
    assert row.leased_until
    assert timedelta(0) < row.leased_until - timezone.now() <= lease.lasts()


def test_who_was_overtaken_writes_nothing(row: Batch) -> None:
    first = claimed(row)
    run_out(row)
    second = claimed(row)
    assert first
    assert second
    second.write(rename("second"))
    with pytest.raises(LeaseLost):
        first.write(rename("first"))
    row.refresh_from_db()
    assert row.title == "second"


def test_a_late_holder_whom_nobody_overtook_still_writes(row: Batch) -> None:
    held = claimed(row)
    run_out(row)
    assert held
    held.write(rename("late"))
    assert runloop.wait(held.renew())


def test_a_row_that_was_cancelled_is_lost(row: Batch) -> None:
    held = claimed(row)
    Batch.objects.filter(pk=row.pk).update(status="cancelled")
    assert held
    assert not runloop.wait(held.renew())
    with pytest.raises(LeaseLost):
        held.write(rename("too late"))
    assert claimed(row) is None


def test_a_failed_write_leaves_nothing_behind(row: Batch) -> None:
    held = claimed(row)

    def half(row: Batch) -> None:
        rename("half")(row)
        raise RuntimeError

    assert held
    with pytest.raises(RuntimeError):
        held.write(half)
    row.refresh_from_db()
    assert row.title == ""


def test_work_renews_its_lease_and_lets_go(row: Batch) -> None:
    beats = asyncio.Event()

    async def sleep(seconds: float) -> None:
        beats.set()
        await asyncio.sleep(0)

    async def work(held: Lease[Batch]) -> None:
        await held.rows.filter(pk=held.pk).aupdate(leased_until=timezone.now() - timedelta(minutes=1))
        beats.clear()
        while (await held.rows.aget(pk=held.pk)).leased_until < timezone.now():  # type: ignore[operator]
            await beats.wait()

    runloop.wait(lease.carry_out(Batch.objects.active(), row.pk, work, sleep=sleep, status="running"))
    row.refresh_from_db()
    assert (row.status, row.leased_until) == ("running", None)


def test_a_row_that_is_done_is_free_at_once(row: Batch) -> None:
    async def work(held: Lease[Batch]) -> None:
        await Batch.objects.filter(pk=row.pk).aupdate(status=Batch.Status.COMPLETED)

    runloop.wait(lease.carry_out(Batch.objects.active(), row.pk, work))
    row.refresh_from_db()
    assert row.leased_until is None


def test_work_is_stopped_when_its_row_is_cancelled(row: Batch) -> None:
    ended = []

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    async def work(held: Lease[Batch]) -> None:
        await Batch.objects.filter(pk=held.pk).aupdate(status="cancelled")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    runloop.wait(lease.carry_out(Batch.objects.active(), row.pk, work, sleep=sleep))
    assert ended == ["work"]


def test_what_fails_is_raised_and_the_row_is_free(row: Batch) -> None:
    async def work(held: Lease[Batch]) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        runloop.wait(lease.carry_out(Batch.objects.active(), row.pk, work))
    assert claimed(row)


def test_who_comes_second_waits_and_takes_over(row: Batch) -> None:
    first = claimed(row)
    done = []

    async def sleep(seconds: float) -> None:
        await sync_to_async(run_out)(row)

    async def work(held: Lease[Batch]) -> None:
        done.append(held.epoch)

    runloop.wait(lease.carry_out(Batch.objects.active(), row.pk, work, sleep=sleep))
    assert first
    assert done == [first.epoch + 1]


def test_who_comes_when_all_is_over_does_nothing(row: Batch) -> None:
    Batch.objects.filter(pk=row.pk).update(status="completed")

    async def work(held: Lease[Batch]) -> None:
        raise AssertionError

    runloop.wait(lease.carry_out(Batch.objects.active(), row.pk, work))
