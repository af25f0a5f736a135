"""Runs that an older Parley saved can be read, and go on."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from llm.agents import journal
from llm.agents.state import Record, State
from llm.models.agents import STATE_VERSION
from tests.llm.agents.scenes import drive, make_run, shown

SAVED = Path(__file__).with_name("saved")
VERSIONS = range(1, STATE_VERSION + 1)


def load(version: int) -> tuple[dict[str, Any], list[Record]]:
    saved = json.loads((SAVED / f"version_{version}.json").read_text())
    return saved, [Record(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in saved["rows"]]


def test_every_version_has_a_saved_run() -> None:
    assert {path.name for path in SAVED.iterdir()} == {f"version_{version}.json" for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_saved_run_is_read(version: int) -> None:
    saved, records = load(version)
    state = State(records, version)
    assert (state.iterations, state.tokens) == (saved["iterations"], saved["tokens"])
    assert state.cost == Decimal(saved["cost"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.django_db(transaction=True)
def test_a_saved_run_goes_on_from_wherever_it_stood(alice: User, version: int) -> None:
    _, records = load(version)
    for length in range(len(records) + 1):
        now = timezone.now()
        run = make_run(alice, state_version=version, started_at=now, tools=["calculate", "complete"])
        journal.append(run.pk, records[:length])
        drive("The answer is 1591.")
        found = shown(run)
        assert found["status"] in ("completed", "awaiting_approval"), (length, found)
        assert found["result"] in ("The answer is 1591.", None)
