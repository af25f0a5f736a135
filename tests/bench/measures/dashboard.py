"""How long the usage page takes over a million calls: the slowest of all its views of thirty days."""

import json
from collections.abc import Iterator
from statistics import median

from tests.bench.processes import SERVER, module
from tests.bench.run import Run
from tests.bench.table import Row

GOAL = 1000.0  # milliseconds


def rows(run: Run) -> Iterator[Row]:
    """Each view as staff see it, on both databases; PostgreSQL if it answers."""
    calls = run.pick(1_000_000, 10_000)
    for vendor in ("SQLite", "PostgreSQL"):
        arguments = json.dumps({"vendor": vendor, "calls": calls, "rounds": run.rounds})
        with module("The dashboard", "tests.bench.dashboard_child", arguments, cores=SERVER) as child:
            report = child.report()
        what = f"usage page over {calls:,} calls, {vendor}"
        yield Row(measure=what, ours=report["without"]) if "without" in report else row(what, report["views"])


def row(what: str, views: dict[str, tuple[float, float]]) -> Row:
    slowest = max(views, key=lambda name: views[name])
    (taken, used), middle = views[slowest], median(times for times, _ in views.values())
    return Row(
        measure=f"{what}: the slowest of {len(views)} views of 30 days ({slowest})",
        ours=f"{taken:.0f} ms, {used:.0f} ms of them CPU",
        ratio=f"half of them within {middle:.0f} ms",
        goal=f"under {GOAL:.0f} ms",
        holds=taken < GOAL,
    )
