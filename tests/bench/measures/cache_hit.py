"""What a reply costs that is kept, beside a bare view that reads one row."""

from collections.abc import Iterator
from typing import Any

from tests.bench.rounds import Asked, posts
from tests.bench.run import Run
from tests.bench.servers import Server, bare_view, upstream
from tests.bench.site import site
from tests.bench.table import Row, median

AT_ONCE = 8
SAME = "The same as ever."
ASKED: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "openai:bench-8-0", "messages": [{"role": "user", "content": SAME}]},
    "/api/v1/extract/sentiment": {"model": "openai:bench-sentiment-0", "text": SAME},
}


def rows(run: Run) -> Iterator[Row]:
    """Ours and the bare view one after the other, so many rounds."""
    window = run.pick(8.0, 3.0)
    hits: dict[str, list[Asked]] = {path: [] for path in ASKED}
    bare: list[Asked] = []
    with upstream() as model:
        for _ in range(run.rounds):
            with site(model) as running:
                for path, body in ASKED.items():
                    hits[path].append(posted(running.server, path, body, running.headers, window))
            with bare_view() as view:
                bare.append(posted(view, "/row", {}, {}, window))
    for path, rounds in hits.items():
        yield row(path, rounds, bare)


def posted(server: Server, path: str, body: Any, headers: dict[str, str], window: float) -> Asked:
    return posts(server.child, server.http + path, headers, body, concurrency=AT_ONCE, window=window)


def row(path: str, hits: list[Asked], bare: list[Asked]) -> Row:
    mine, least = median(one.cost for one in hits), median(one.cost for one in bare)
    return Row(
        measure=f"cache hit, `POST {path}`, beside a bare django-ninja view that reads one row",
        ours=f"{mine:.0f} µs CPU, {median(one.rate for one in hits):.0f}/s",
        floor=f"{least:.0f} µs CPU, {median(one.rate for one in bare):.0f}/s",
        ratio=f"{mine / least:.1f} times the view's",
        goal="at most 2 times",
        holds=mine <= 2 * least,
    )
