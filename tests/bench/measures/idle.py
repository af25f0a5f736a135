"""What open sockets cost that say nothing."""

from collections.abc import Iterator

from tests.bench.rounds import loading
from tests.bench.run import Run
from tests.bench.servers import upstream
from tests.bench.site import Site, site
from tests.bench.table import Row, median

MOST = 40 * 1024  # bytes a socket
WARM = 20  # sockets before it is weighed: what the first ones load is nobody's share


def rows(run: Run) -> Iterator[Row]:
    """Open 1,000 sockets in a new process, so many rounds."""
    count = run.pick(1000, 200)
    sizes = []
    for _ in range(run.rounds):
        with upstream() as model, site(model, conversations=count) as running:
            held(running, WARM)
            before = running.child.memory
            sizes.append((held(running, count) - before) / count)
    each = median(sizes)
    yield Row(
        measure=f"{count:,} idle sockets",
        ours=f"{each / 1024:.1f} KiB each",
        goal="at most 40 KiB each",
        holds=each <= MOST,
    )


def held(running: Site, count: int) -> int:
    """Return the memory of the server while so many sockets are open."""
    with loading("idle", urls=running.sockets(count), headers=running.headers) as load:
        load.report()
        return running.child.memory
