"""Very many slow streams at once in one process."""

from collections.abc import Iterator

from tests.bench.processes import Child
from tests.bench.rounds import Streamed, streams
from tests.bench.run import Run
from tests.bench.servers import Server, floor, upstream
from tests.bench.site import site
from tests.bench.table import Row

RATE = 0.5
MOST = 60 * 1024  # bytes a stream
WARM = 20  # streams before it is weighed: what the first ones load is nobody's share


def rows(run: Run) -> Iterator[Row]:
    """5,000 streams through Parley, then through the floor."""
    count, window = run.pick(5000, 500), run.pick(20.0, 4.0)
    with upstream() as model:
        with site(model, conversations=count + WARM) as running:
            urls = running.sockets(count + WARM)
            seen, each = weighed(running.child, model, urls, running.headers, window)
        with floor(model) as relay:
            url = f"ws://127.0.0.1:{relay.port}/"
            bare, least = weighed(relay.child, model, [url] * (count + WARM), {}, window)
    yield Row(
        measure=f"{count:,} open streams of {RATE} tokens/s in one process",
        ours=f"{seen.failures} failed, {each / 1024:.0f} KiB each, p99 {seen.p99:.0f} ms late",
        floor=f"{bare.failures} failed, {least / 1024:.0f} KiB each, p99 {bare.p99:.0f} ms late",
        goal="0 failed, at most 60 KiB each",
        holds=seen.failures == 0 and each <= MOST,
    )


def weighed(
    server: Child, model: Server, urls: list[str], headers: dict[str, str], window: float
) -> tuple[Streamed, float]:
    """Open all but the first ones, which warm it up; returns the round and the bytes of one stream."""
    streams(server, model, "ws", urls[:WARM], headers, window=4.0)
    before = server.memory
    seen = streams(server, model, "ws", urls[WARM:], headers, window=window, rate=RATE)
    return seen, (seen.memory - before) / (len(urls) - WARM)
