"""How late a token is when 250 streams of 20 tokens a second share one core."""

from collections.abc import Iterator

from tests.bench import contenders
from tests.bench.rounds import RATE, Streamed
from tests.bench.run import Run
from tests.bench.servers import upstream
from tests.bench.table import Row, median

COUNT = 250


def rows(run: Run) -> Iterator[Row]:
    """Ours, floor and peer one after the other, so many rounds."""
    window = run.pick(10.0, 4.0)
    ours, floors, peers = [], [], []
    with upstream() as model:
        for _ in range(run.rounds):
            ours.append(contenders.ours(model, COUNT, window))
            floors.append(contenders.bare(model, COUNT, window))
            if run.with_peer:
                peers.append(contenders.theirs(model, COUNT, window))
    late = median(one.p99 for one in ours)
    mine, least = median(one.cost for one in ours), median(one.cost for one in floors)
    yield Row(
        measure=f"how late a token is, {COUNT} streams of {RATE:.0f} tokens/s",
        ours=told(ours),
        floor=told(floors),
        peer=told(peers),
        ratio=f"CPU a token {mine / least:.1f} times the floor",
        goal="p99 under 250 ms",
        holds=late < 250,
    )


def told(rounds: list[Streamed]) -> str:
    """Return the medians of some rounds."""
    if not rounds:
        return ""
    p50, p99 = median(one.p50 for one in rounds), median(one.p99 for one in rounds)
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms{contenders.failed(rounds)}"
