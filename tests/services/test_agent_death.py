"""kill -9 before and after every write of an agent's journal: each run ends as if nothing had happened."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.agent_site import AgentSite, ShopModel
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


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentSite]:
    kind = "one" if request.param == "sqlite" else "many"
    with _database(kind, tmp_path_factory) as database, ShopModel() as model:
        site = AgentSite(database=database, model=model)
        site.make()
        yield site


@pytest.mark.parametrize("workers", [1, 2])
def test_every_death(site: AgentSite, workers: int, tmp_path: Path) -> None:
    site.queue(["nowhere", *GOALS])
    runs = site.run(workers, tmp_path)
    uncrashed = runs[0]
    assert uncrashed["result"] == "37 * 43 is 1591, and it is ordered."
    assert {run["status"] for run in runs} == {"completed"}
    assert {run["result"] for run in runs} == {uncrashed["result"]}
    died = {path.name for path in tmp_path.iterdir()} - {"orders"}
    orders = Counter((tmp_path / "orders").read_text().split())
    assert set(orders.values()) == {1}
    if workers == 1:  # each run met its own death alone; of two workers one may have taken it past that point
        assert died == {run["id"] for run in runs if run["goal"] != "nowhere"}
        check_what_a_death_cost(site, runs, orders)
    else:
        assert len(died) > len(GOALS) / 2


def check_what_a_death_cost(site: AgentSite, runs: list[dict[str, Any]], orders: Counter[str]) -> None:
    """At most one question was paid for again; only what is in doubt was put before a person."""
    asked = site.model.asked
    for run in runs:
        assert sum(asked[run["goal"], turn] for turn in range(3)) <= 4
        doubtful = any(step["kind"] == "approval" for step in run["steps"])
        assert doubtful == (run["goal"] in DOUBTFUL)
        ordered = f"{run['id']}:4" in orders
        assert ordered == (run["goal"] != "4 started after")
