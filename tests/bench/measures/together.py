"""How late a token is when 200 answers begin at once."""

from collections.abc import Iterator

from tests.bench import contenders
from tests.bench.run import Run
from tests.bench.servers import upstream
from tests.bench.table import Row, median

COUNT = 200


def rows(run: Run) -> Iterator[Row]:
    """Ours and floor one after the other, so many rounds."""
    window = run.pick(10.0, 4.0)
    ours, floors = [], []
    with upstream() as model:
        for _ in range(run.rounds):
            ours.append(contenders.ours(model, COUNT, window))
            floors.append(contenders.bare(model, COUNT, window))
    late, least = median(one.p95 for one in ours), median(one.p95 for one in floors)
    yield Row(
        measure=f"how late a token is, {COUNT} answers at once",
        ours=f"p95 {late:.0f} ms",
        floor=f"p95 {least:.0f} ms",
        goal="p95 at most 150 ms",
        holds=late <= 150,
    )
