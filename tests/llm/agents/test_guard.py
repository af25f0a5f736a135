"""The database itself keeps a journal: no row changes, and none leaves without its run."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from llm.models.agents import AgentRun, AgentStep
from llm.retention import old_runs, remove
from tests.llm.agents.scenes import make_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(alice: User) -> AgentRun:
    run = make_run(alice, status="completed", finished_at=datetime(2020, 1, 1, tzinfo=UTC))
    AgentStep.objects.create(run=run, seq=1, step=1, kind="model", status="started")
    return run


@pytest.mark.parametrize("column", [field.column for field in AgentStep._meta.local_fields])
def test_no_column_of_a_row_changes(run: AgentRun, column: str) -> None:
    new: Any = {"run_id": make_run(None).pk.hex, "data": "{}", "created_at": timezone.now()}.get(column, 99)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        connection.cursor().execute(f"UPDATE llm_agentstep SET {column} = %s", [new])  # noqa: S608 a column


def test_no_row_leaves_alone(run: AgentRun) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        connection.cursor().execute("DELETE FROM llm_agentstep")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        run.steps.all().delete()
    assert run.steps.count() == 1


def test_a_row_leaves_with_its_run_and_its_person(run: AgentRun, alice: User, bob: User) -> None:
    kept = AgentStep.objects.create(run=make_run(bob), seq=1, step=1, kind="model", status="started")
    alice.delete()
    assert list(AgentStep.objects.all()) == [kept]


def test_purge_takes_the_rows_of_old_runs(run: AgentRun) -> None:
    assert remove(old_runs(timezone.now()).rows) == 1
    assert not AgentStep.objects.exists()
