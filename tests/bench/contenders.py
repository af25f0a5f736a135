"""The same streams through each of the contenders: Parley, the floor, the peer."""

from collections.abc import Iterable

from tests.bench import peer
from tests.bench.rounds import RATE, Streamed, streams
from tests.bench.run import Unreliable
from tests.bench.servers import Server, floor
from tests.bench.site import site
from tests.bench.table import Row, median


def ours(model: Server, count: int, window: float, rate: float = RATE) -> Streamed:
    """Stream through Parley, over WebSockets."""
    with site(model, conversations=count) as running:
        urls, headers = running.sockets(count), running.headers
        return sound(
            "Parley", count, streams(running.child, model, "ws", urls, headers, window=window, rate=rate)
        )


def bare(model: Server, count: int, window: float, rate: float = RATE) -> Streamed:
    """Stream through the floor, over WebSockets."""
    with floor(model) as relay:
        urls = [f"ws://127.0.0.1:{relay.port}/"] * count
        return sound(
            "The floor", count, streams(relay.child, model, "ws", urls, {}, window=window, rate=rate)
        )


def theirs(model: Server, count: int, window: float, rate: float = RATE) -> Streamed:
    """Stream through LiteLLM, as server-sent events: it has no WebSocket for this. Some may fail, and are
    told of: what it spends is divided by the tokens that came."""
    with peer.litellm(model) as proxy:
        urls = [f"{proxy.http}/v1/chat/completions"] * count
        return streams(proxy.child, model, "sse", urls, peer.HEADERS, window=window, rate=rate)


def sound(name: str, count: int, seen: Streamed) -> Streamed:
    """Return the round; raises Unreliable if a stream of it failed."""
    if seen.failures:
        raise Unreliable(f"{name}: {seen.failures} of {count} streams failed.")
    return seen


def failed(rounds: Iterable[Streamed]) -> str:
    """Tell of the streams that failed in some rounds, if any did."""
    failures = sum(one.failures for one in rounds)
    return f", {failures} failed" if failures else ""


def cheapness(rounds: Iterable[Streamed]) -> Row:
    """Say what the measuring itself costs."""
    model, load = zip(*((one.upstream, one.load) for one in rounds), strict=True)
    return Row(
        measure="the bench itself: CPU a token of the scripted model and of the load client",
        ours=f"{median(model):.0f} µs and {median(load):.0f} µs",
    )
