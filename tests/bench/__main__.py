"""`uv run python -m tests.bench [NAME ...]`: what Parley costs, beside a floor and a peer, from one run.

A measure is a file in `tests/bench/measures` with a function `rows(run)` that yields rows.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from tests.bench import measures
from tests.bench.processes import machine
from tests.bench.run import Measure, Run, Unreliable
from tests.bench.table import Row, shown

NAMES = sorted(module.name for module in iter_modules(measures.__path__))


def named(name: str) -> Measure:
    """Return the measure of that name."""
    found: Measure = import_module(f"{measures.__name__}.{name}").rows
    return found


def measured(names: Sequence[str], run: Run) -> list[Row]:
    """Run measures one after the other; raises Unreliable."""
    rows = []
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        for row in named(name)(run):
            print(f"  {row.measure}: {row.ours} {row.ratio}", file=sys.stderr, flush=True)
            rows.append(row)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measures that are named, or all; 1 if a goal was missed, 2 if the figures are worth nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}; none for all")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: to see that it works")
    parser.add_argument(
        "--no-peer", action="store_true", help="leave out LiteLLM, which is installed at first"
    )
    parser.add_argument("--rounds", type=int, default=0, help="how many make a median: 3, or 1 with --quick")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"There is no measure {min(unknown)!r}. There are: {', '.join(NAMES)}.")
    try:
        rounds = options.rounds or (1 if options.quick else 3)
        run = Run(quick=options.quick, rounds=rounds, with_peer=not options.no_peer)
        rows = measured(options.names or NAMES, run)
    except Unreliable as error:
        print(f"No figures. {error}", file=sys.stderr)
        return 2
    print(shown(machine(), rows))
    return verdict(rows)


def verdict(rows: Sequence[Row]) -> int:
    """Return the exit code for some rows."""
    return 0 if all(row.holds is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
