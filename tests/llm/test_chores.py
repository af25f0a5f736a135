"""The worker's clockwork: what is scheduled runs, and does what its command does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.tasks import task_backends
from django.utils.module_loading import import_string

from llm import chores
from llm.models import CallBody, RolledDay
from tests.llm.factories import make_call

pytestmark = pytest.mark.django_db


def test_every_schedule_names_a_task() -> None:
    schedules = task_backends["default"].options["SCHEDULES"]
    assert {"roll_up_usage", "purge"} <= set(schedules)
    assert all(callable(import_string(entry["task"]).call) for entry in schedules.values())


def test_usage_is_rolled_up() -> None:
    make_call(at=datetime.now(UTC) - timedelta(days=2))
    assert chores.roll_up_usage.call() == 3
    assert RolledDay.objects.count() == 3


def test_purge_takes_what_is_old_and_finished_tasks_too() -> None:
    old, new = (make_call(at=datetime.now(UTC) - timedelta(days=days)) for days in (31, 29))
    for call in (old, new):
        CallBody.objects.create(call=call, request={}, reply={}, created_at=call.created_at)
    removed = chores.purge.call()
    assert {"call bodies", "cached replies"} <= set(removed)
    assert (removed["call bodies"], CallBody.objects.get().call) == (1, new)
