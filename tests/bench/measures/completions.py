"""What a whole answer costs through the gateway: `/v1/chat/completions`, not streamed."""

from collections.abc import Iterator
from typing import Any

from tests.bench import peer
from tests.bench.rounds import Asked, posts
from tests.bench.run import Run
from tests.bench.servers import Server, floor, upstream
from tests.bench.site import site
from tests.bench.table import Row, median

MODEL = "bench-8-0"
MANY = 32
PATH = "/v1/chat/completions"
SENT: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "UNIQUE"}]}

type Pair = tuple[Asked, Asked]  # many at a time, one at a time


def rows(run: Run) -> Iterator[Row]:
    """Ours, floor, nobody between and the peer one after the other, so many rounds."""
    window = run.pick(8.0, 3.0)
    ours: list[Pair] = []
    floors: list[Pair] = []
    peers: list[Pair] = []
    straight: list[Asked] = []
    with upstream() as model:
        for _ in range(run.rounds):
            ours.append(through_parley(model, window))
            floors.append(through_floor(model, window))
            streamed = SENT | {"stream": True}
            straight.append(posts(model.child, model.http + PATH, {}, streamed, concurrency=1, window=window))
            if run.with_peer:
                peers.append(through_peer(model, window))
    yield at_once(ours, floors, peers)
    yield alone(ours, floors, peers, median(one.p50 for one in straight))


def at_once(ours: list[Pair], floors: list[Pair], peers: list[Pair]) -> Row:
    """32 at a time."""
    ratio = rate(ours) / rate(peers) if peers else None
    return Row(
        measure=f"whole answers, {MANY} at a time",
        ours=told(ours),
        floor=told(floors),
        peer=told(peers) if peers else "",
        ratio=f"{ratio:.1f} times LiteLLM's rate" if ratio else "",
        goal="at least 6 times LiteLLM's",
        holds=ratio >= 6 if ratio else None,
    )


def rate(pairs: list[Pair]) -> float:
    return median(many.rate for many, _ in pairs)


def told(pairs: list[Pair]) -> str:
    return f"{rate(pairs):.0f}/s, {median(many.cost for many, _ in pairs):.0f} µs CPU each"


def alone(ours: list[Pair], floors: list[Pair], peers: list[Pair], straight: float) -> Row:
    """One at a time: what is added to asking the model itself."""
    mine, least = added(ours, straight), added(floors, straight)
    return Row(
        measure="whole answers, one at a time: added to the model's own time at p50",
        ours=f"{mine:.1f} ms",
        floor=f"{least:.1f} ms",
        peer=f"{added(peers, straight):.1f} ms" if peers else "",
        goal="at most 8 ms",
        holds=mine <= 8,
    )


def added(pairs: list[Pair], straight: float) -> float:
    return median(one.p50 for _, one in pairs) - straight


def through_parley(model: Server, window: float) -> Pair:
    with site(model) as running:
        body = SENT | {"model": f"openai:{MODEL}"}
        return pair(running.server, running.headers, body, window)


def through_floor(model: Server, window: float) -> Pair:
    with floor(model) as relay:
        return pair(relay, {}, SENT, window)


def through_peer(model: Server, window: float) -> Pair:
    with peer.litellm(model) as proxy:
        return pair(proxy, peer.HEADERS, SENT, window)


def pair(server: Server, headers: dict[str, str], body: dict[str, Any], window: float) -> Pair:
    """Ask many at a time, then one at a time."""
    url = server.http + PATH
    many = posts(server.child, url, headers, body, concurrency=MANY, window=window)
    return many, posts(server.child, url, headers, body, concurrency=1, window=window)
