"""One round of a load against one server, with the weight of everybody who took part in it."""

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.bench.processes import LOAD, Child, module
from tests.bench.run import Unreliable
from tests.bench.servers import Server

RATE = 20.0  # tokens a second of one stream
LEAST_CPU = 0.005  # share of a core: a server that used less did not do the work
MOST_CPU = 0.9  # share of a core: a load client that used more was the bottleneck


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """A round of streams. `cost`: the server's processor time a token in µs, `upstream` and `load` that of
    those around it; `memory`: its bytes when all streams flowed; p50 to p99: how late a token came, in ms."""

    cost: float
    upstream: float
    load: float
    memory: int
    tokens: int
    failures: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A round of whole answers: how many a second, how long one took in ms, processor time of one in µs."""

    rate: float
    p50: float
    cost: float
    load: float


def loading(kind: str, **options: Any) -> Child:
    """Start the load client."""
    told = json.dumps({"kind": kind, **options})
    return module("The load client", "tests.bench.load", cores=LOAD, told=told)


def streams(
    server: Child, model: Server, kind: str, urls: list[str], headers: dict[str, str], *,
    window: float, rate: float = RATE,
) -> Streamed:  # fmt: skip
    """Let every address stream one answer, by `ws` or `sse`; raises Unreliable if no token came."""
    script = f"bench-{int((window + 120) * max(rate, 1))}-{rate:g}"
    name = script if kind == "sse" else f"openai:{script}"
    with loading(kind, urls=urls, headers=headers, model=name, window=window) as load:
        load.report()  # all flow
        memory = server.memory
        report, spent = _window(load, server, model.child, load)
    if not report["tokens"]:
        raise Unreliable(f"{server.name}: no token came.")
    costs = [1e6 * seconds / report["tokens"] for seconds in spent]
    return Streamed(**report, memory=memory, cost=costs[0], upstream=costs[1], load=costs[2])


def posts(
    server: Child, url: str, headers: dict[str, str], body: Any, *, concurrency: int, window: float
) -> Asked:
    """Ask for a while, so many at a time; `UNIQUE` in the body is another word in each request."""
    options = {"url": url, "headers": headers, "body": body, "concurrency": concurrency, "window": window}
    with loading("post", **options) as load:
        load.report()  # warm
        report, spent = _window(load, server, load)
    failures = report.pop("failures")
    if failures:
        raise Unreliable(f"{failures} of {report['requests']} requests to {server.name} failed.")
    costs = [1e6 * seconds / report["requests"] for seconds in spent]
    return Asked(rate=report["rate"], p50=report["p50"], cost=costs[0], load=costs[1])


def _window(load: Child, server: Child, *others: Child) -> tuple[dict[str, Any], list[float]]:
    """Wait for the load client's report; returns it and what each process spent meanwhile, in seconds."""
    begun, before = time.monotonic(), [one.cpu for one in (server, *others)]
    report = load.report()
    spent = [one.cpu - cpu for one, cpu in zip((server, *others), before, strict=True)]
    lasted = time.monotonic() - begun
    if spent[0] < LEAST_CPU * lasted:
        raise Unreliable(f"{server.name} used no processor time: somebody else was measured.")
    if spent[-1] > MOST_CPU * lasted:
        raise Unreliable(f"{load.name} was busy all the time: it was measured, not {server.name}.")
    return report, spent
