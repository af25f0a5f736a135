from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from llm.ids import uuid7
from llm.models import Batch, BatchItem, CachedReply, Call, CallBody
from llm.retention import Old, remove

pytestmark = pytest.mark.django_db


def make_bodies(count: int, *, days: float) -> None:
    at = timezone.now() - timedelta(days=days)
    calls = Call.objects.bulk_create(
        Call(request_id=uuid7(), feature="chat", provider="local", model="m", outcome="ok", created_at=at)
        for _ in range(count)
    )
    CallBody.objects.bulk_create(CallBody(call=call, request={}, reply={}, created_at=at) for call in calls)


def make_reply(key: str, *, expired_days: float) -> None:
    CachedReply.objects.create(
        key=key, model="m", reply={}, expires_at=timezone.now() - timedelta(days=expired_days)
    )


def purge(*options: str) -> list[str]:
    out = StringIO()
    call_command("purge", *options, stdout=out)
    return out.getvalue().splitlines()


def test_old_bodies_and_replies_go_and_the_ledger_stays() -> None:
    make_bodies(3, days=31)
    make_bodies(2, days=29)
    make_reply("old", expired_days=8)
    make_reply("may still serve", expired_days=6)
    assert purge()[:2] == [
        "call bodies: 3 removed (older than 30 days)",
        "cached replies: 1 removed (expired for more than 7 days)",
    ]
    assert (Call.objects.count(), CallBody.objects.count()) == (5, 2)
    assert CachedReply.objects.get().key == "may still serve"


def test_batches_go_with_their_texts_once_they_ended_long_ago(alice: User) -> None:
    for days in (31, 29, None):
        ended = timezone.now() - timedelta(days=days) if days else None
        batch = Batch.objects.create(user=alice, schema="sentiment", total=2, finished_at=ended)
        BatchItem.objects.bulk_create(BatchItem(batch=batch, index=index, text="a") for index in range(2))
    assert purge()[2:4] == [
        "texts of batches: 2 removed (ended more than 30 days ago)",
        "batches: 1 removed (ended more than 30 days ago)",
    ]
    assert (Batch.objects.count(), BatchItem.objects.count()) == (2, 4)


def test_a_second_time_there_is_nothing_to_remove() -> None:
    make_bodies(1, days=31)
    purge()
    assert purge()[0] == "call bodies: 0 removed (older than 30 days)"


def test_a_dry_run_says_what_would_go_and_removes_nothing() -> None:
    make_bodies(2, days=31)
    assert purge("--dry-run")[0] == "call bodies: 2 would be removed (older than 30 days)"
    assert CallBody.objects.count() == 2


def test_the_site_says_how_long_bodies_are_kept(settings: Settings) -> None:
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_retention_days": 90})
    make_bodies(1, days=60)
    assert purge()[0] == "call bodies: 0 removed (older than 90 days)"


def test_rows_go_in_batches(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_bodies(5, days=31)
    with django_assert_num_queries(7):  # three times the keys and the rows, and a last look
        assert remove(CallBody.objects.all(), batch=2) == 5
    assert not CallBody.objects.exists()


def old_people(now: datetime) -> Old:
    """Another app's kind."""
    rows: Any = User.objects.filter(date_joined__lt=now)
    return Old(name="people", rows=rows, why="for the test")


def test_another_app_adds_what_it_keeps_for_a_time(settings: Settings, alice: User) -> None:
    settings.LLM_PURGES = ["tests.llm.test_purge.old_people"]
    assert purge("--dry-run")[-1] == "people: 1 would be removed (for the test)"
