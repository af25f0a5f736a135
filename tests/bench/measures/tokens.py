"""What a streamed token costs over the WebSocket: 75 streams of 20 tokens a second."""

from collections.abc import Iterator

from tests.bench import contenders
from tests.bench.rounds import RATE
from tests.bench.run import Run
from tests.bench.servers import upstream
from tests.bench.table import Row, median

COUNT = 75


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
    yield contenders.cheapness(ours)
    mine, least = median(one.cost for one in ours), median(one.cost for one in floors)
    measure = f"CPU a token, {COUNT} streams of {RATE:.0f} tokens/s"
    yield Row(
        measure=measure,
        ours=f"{mine:.0f} µs",
        floor=f"{least:.0f} µs",
        ratio=f"{mine / least:.1f} times the floor",
        goal="at most 3 times the floor",
        holds=mine <= 3 * least,
    )
    if peers:
        theirs = median(one.cost for one in peers)
        yield Row(
            measure=measure,
            ours=f"{mine:.0f} µs",
            peer=f"{theirs:.0f} µs{contenders.failed(peers)}",
            ratio=f"LiteLLM {theirs / mine:.1f} times ours",
            goal="at least 6 times",
            holds=theirs >= 6 * mine,
        )
