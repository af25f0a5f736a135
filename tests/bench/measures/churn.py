"""Whether sockets that come and go leave anything behind."""

from collections.abc import Iterator

from tests.bench.rounds import loading
from tests.bench.run import Run
from tests.bench.servers import upstream
from tests.bench.site import site
from tests.bench.table import Row

MOST = 2.0  # MiB more in the second half


def rows(run: Run) -> Iterator[Row]:
    """Open and close 20,000 sockets, and weigh the server every 500."""
    count, rounds = run.pick((500, 40), (100, 5))
    sizes = []
    with upstream() as model, site(model, conversations=count) as running:
        urls = running.sockets(count)
        with loading("churn", urls=urls, headers=running.headers, rounds=rounds) as load:
            for _ in range(rounds):
                load.report()
                sizes.append(running.child.memory / 2**20)
    half = sizes[len(sizes) // 2 - 1]
    yield Row(
        measure=f"memory after {count * rounds:,} sockets were opened and closed",
        ours=f"{sizes[0]:.1f} MiB after {count}, {half:.1f} after half, {sizes[-1]:.1f} at the end",
        goal="flat: at most 2 MiB more in the second half",
        holds=sizes[-1] - half <= MOST,
    )
