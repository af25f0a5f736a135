"""How many agents one worker drives at once, every step of theirs durable before the next."""

import json
from collections.abc import Iterator
from typing import Any

from tests.bench.processes import SERVER, module
from tests.bench.run import Run, Unreliable
from tests.bench.table import Row

ROWS = 10  # of a run of five steps: each begins and ends


def rows(run: Run) -> Iterator[Row]:
    """Runs of five steps on both databases; PostgreSQL if it answers."""
    count = run.pick(1000, 50)
    for vendor in ("SQLite", "PostgreSQL"):
        arguments = json.dumps({"vendor": vendor, "runs": count})
        with module("The agents", "tests.bench.agents_child", arguments, cores=SERVER) as child:
            report = child.report()
        if "without" in report:
            yield Row(measure=f"agents, {vendor}", ours=report["without"])
        else:
            yield row(vendor, count, report)


def row(vendor: str, count: int, report: dict[str, Any]) -> Row:
    if report["ended"] != count or report["rows"] != count * ROWS:
        raise Unreliable(
            f"{report['ended']:,} of {count:,} runs ended on {vendor}, in {report['rows']:,} rows."
        )
    rate, memory = count / report["seconds"], report["memory"] / 2**20
    return Row(
        measure=f"{count:,} agents of five steps at once, one worker, {vendor}",
        ours=f"{rate:.0f} runs/s, {memory:.0f} MiB",
    )
