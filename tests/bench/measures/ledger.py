"""How many rows a second reach the ledger, each durable when its caller goes on."""

import json
from collections.abc import Iterator

from tests.bench.processes import SERVER, module
from tests.bench.run import Run, Unreliable
from tests.bench.table import Row, median

GOALS = {"SQLite": 1000, "PostgreSQL": 3000}


def rows(run: Run) -> Iterator[Row]:
    """Rows of many callers on both databases; PostgreSQL if it answers."""
    for vendor, goal in GOALS.items():
        arguments = json.dumps({"vendor": vendor, "seconds": run.pick(8, 2)})
        rates = []
        for _ in range(run.rounds):
            with module("The ledger", "tests.bench.ledger_child", arguments, cores=SERVER) as child:
                report = child.report()
            if "without" in report:
                break
            if report["kept"] != report["rows"]:
                raise Unreliable(
                    f"{report['rows']:,} rows were booked on {vendor}, {report['kept']:,} are there."
                )
            rates.append(report["rate"])
        yield (
            row(vendor, goal, rates)
            if rates
            else Row(measure=f"ledger rows, {vendor}", ours=report["without"])
        )


def row(vendor: str, goal: int, rates: list[float]) -> Row:
    rate = median(rates)
    return Row(
        measure=f"ledger rows with their bodies, {vendor}, each durable for its caller",
        ours=f"{rate:.0f}/s",
        goal=f"at least {goal:,}/s",
        holds=rate >= goal,
    )
