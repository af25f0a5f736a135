"""kill -9 before and after every write of an agent's journal: each run ends as if nothing had happened."""

from collections import Counter
from pathlib import Path

import pytest

from tests.services.agent_site import AgentSite, Deaths, ShopModel
from tests.services.conftest import _database

WRITES = [
    "1 started",
    "1 done",
    "2 started",
    "2 done",
    "3 started",
    "3 done",
    "4 started",
    "4 done",
    "5 started",
    "5 done",
    "end completed",
]
GOALS = [f"{write} {when}" for write in WRITES for when in ("before", "after")]
DOUBTFUL = {"4 started after", "4 done before"}  # the order was begun, and nobody knows whether it went out


@pytest.mark.parametrize("kind", ["one", pytest.param("many", marks=pytest.mark.postgres)])
def test_every_death(kind: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    with _database(kind, tmp_path_factory) as database, ShopModel() as model:
        alone, together = AgentSite(database=database, model=model).deaths(["nowhere", *GOALS], tmp_path)
    for deaths in (alone, together):
        assert {run["status"] for run in deaths.runs} == {"completed"}
        assert {run["result"] for run in deaths.runs} == {"37 * 43 is 1591, and it is ordered."}
        assert set(Counter(deaths.orders).values()) == {1}
    assert len(together.died) > len(GOALS) / 2  # one of several runs may have been taken past its point
    check_what_a_death_cost(alone, model.asked)


def check_what_a_death_cost(deaths: Deaths, asked: Counter[tuple[str, int]]) -> None:
    """At most one question was paid for again; only what is in doubt was put before a person."""
    assert len(deaths.died) == len(GOALS)
    for run in deaths.runs:
        moment = run["goal"].removesuffix(" alone")
        assert (run["id"] in deaths.died) == (moment in GOALS)
        assert sum(asked[run["goal"], turn] for turn in range(3)) <= 4
        assert any(step["kind"] == "approval" for step in run["steps"]) == (moment in DOUBTFUL)
        assert (f"{run['id']}:4" in deaths.orders) == (moment != "4 started after")
