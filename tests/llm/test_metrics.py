import asyncio
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from llm import runloop
from llm.telemetry import exposition, publishing
from llm.telemetry.meters import MOST, Counter, Family, Gauge, Histogram
from tests.config.calling import Call, api, key, model, prompts, stranger, wire
from tests.wire import Tokens, WireServer, status, text

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

TOKEN = "a-token-for-prometheus"
type Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def metered(settings: Any, tmp_path: Path) -> Path:
    """A site with metrics; returns where its processes leave their numbers."""
    update = {"parley_metrics_token": SecretStr(TOKEN), "parley_process": "web-1"}
    settings.PARLEY = settings.PARLEY.model_copy(update=update)
    settings.VAR_DIR = tmp_path
    (tmp_path / "metrics").mkdir()
    return tmp_path / "metrics"


async def scraped(token: str = TOKEN) -> Samples:
    """Return the samples as Prometheus' own parser reads them."""
    answer = await AsyncClient().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == exposition.CONTENT_TYPE
    return parsed(answer.content.decode())


def parsed(said: str) -> Samples:
    found = text_string_to_metric_families(said)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in found for s in family.samples}


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    """Return by how much the series with these labels have grown together."""
    wanted = labels.items()
    return sum(
        value - before.get(series, 0.0)
        for series, value in after.items()
        if series[0] == name and wanted <= dict(series[1]).items()
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
async def test_without_the_token_it_is_refused_with_a_sentence(header: str, metered: Path) -> None:
    answer = await AsyncClient().get("/metrics", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.content.decode().count(".") == 4
    assert b"PARLEY_METRICS_TOKEN" in answer.content


async def test_without_a_token_in_the_settings_it_is_off() -> None:
    answer = await AsyncClient().get("/metrics", headers={"Authorization": "Bearer "})
    assert answer.status_code == 404
    assert b"Set PARLEY_METRICS_TOKEN" in answer.content


@pytest.mark.django_db(transaction=True)
async def test_what_calls_came_to_is_counted(metered: Path, model: WireServer, api: Call) -> None:
    before = await scraped()
    model.script(
        status(503),
        text(
            '{"sentiment": "positive", "confidence": 1, "reasoning": "r"}', tokens=Tokens(input=30, output=20)
        ),
    )
    for _ in range(2):
        assert (await api("POST", "/extract/sentiment", {"text": "Good."})).status_code == 200
    after = await scraped()
    what = {"process": "web-1", "provider": "openai", "model": "gpt-5.6-luna", "feature": "extract"}
    assert grown(before, after, "parley_calls_total", **what, outcome="ok", cached="no") == 1
    assert grown(before, after, "parley_calls_total", **what, outcome="unavailable", cached="no") == 1
    assert grown(before, after, "parley_calls_total", **what, outcome="ok", cached="yes") == 1
    assert grown(before, after, "parley_tokens_total", **what, kind="input") == 30
    assert grown(before, after, "parley_tokens_total", **what, kind="output") == 20
    assert grown(before, after, "parley_call_seconds_count", model="gpt-5.6-luna") == 2
    assert grown(before, after, "parley_call_seconds_bucket", model="gpt-5.6-luna", le="+Inf") == 2
    assert grown(before, after, "parley_first_token_seconds_count", model="gpt-5.6-luna") == 1
    assert grown(before, after, "parley_retries_total", model="openai:gpt-5.6-luna", code="unavailable") == 1
    names = {name for name, _ in after}
    assert names >= {
        "parley_calls_in_flight",
        "parley_sockets_open",
        "parley_generations_live",
        "parley_ledger_waiting",
        "parley_outbox_waiting",
        "parley_tasks_waiting",
        "parley_build_info",
    }


@pytest.mark.django_db(transaction=True)
async def test_the_other_processes_of_the_machine_are_told_too(metered: Path) -> None:
    family = Family(
        name="parley_calls_total", kind="counter", says="Calls.", samples=[("", {"model": "m"}, 7.0)]
    )
    left(metered, "worker", [family])
    left(metered, "dead", [family], age=publishing.DEAD_AFTER + 5)
    left(metered, "web-1", [family])  # its own, of a moment ago
    after = await scraped()
    of_model = {
        dict(labels)["process"]: value for (name, labels), value in after.items() if ("model", "m") in labels
    }
    assert of_model == {"worker": 7.0}
    assert names(metered) == {"worker", "web-1"}


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def left(folder: Path, process: str, families: list[Family], age: float = 0) -> None:
    path = folder / f"{process}.json"
    path.write_text(json.dumps([asdict(family) for family in families]))
    os.utime(path, (time.time() - age,) * 2)


async def test_a_process_leaves_its_numbers_while_it_runs(metered: Path) -> None:
    runloop.adopt()
    publishing.start()
    await publishing.publish()
    written = json.loads((metered / "web-1.json").read_text())
    assert "parley_calls_in_flight" in {family["name"] for family in written}
    await runloop.close()
    assert names(metered) == set()


async def test_a_write_under_way_at_the_end_leaves_no_numbers_behind(metered: Path) -> None:
    runloop.adopt()
    slow = metered / "web-1.new"
    os.mkfifo(slow)  # what is written there waits for a reader
    publishing.start()
    await asyncio.sleep(0)  # the write begins
    closing = asyncio.create_task(runloop.close())
    await asyncio.wait([closing], timeout=0.1)  # time enough to end without it
    await asyncio.to_thread(slow.read_text)
    await closing
    assert names(metered) == set()


def test_the_format_is_what_prometheus_reads() -> None:
    counter = Counter("odd_total", "Says.", "name")
    counter.add('quo"te\\ and\nline', by=2.5)
    histogram = Histogram("odd_seconds", "Says.", "name", bounds=(0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7):
        histogram.observe(seconds, "x")
    gauge = Gauge("odd_now", "Says.", lambda: 3)
    mine = [counter.family(), histogram.family(), gauge.family()]
    samples = parsed(exposition.text([({"process": "a"}, mine), ({"process": "b"}, mine)]))
    for process in "ab":
        owner = ("process", process)
        assert samples["odd_total", (("name", 'quo"te\\ and\nline'), owner)] == 2.5
        assert samples["odd_seconds_bucket", (("le", "0.1"), ("name", "x"), owner)] == 2
        assert samples["odd_seconds_bucket", (("le", "1"), ("name", "x"), owner)] == 3
        assert samples["odd_seconds_bucket", (("le", "+Inf"), ("name", "x"), owner)] == 4
        assert samples["odd_seconds_sum", (("name", "x"), owner)] == pytest.approx(7.65)
        assert samples["odd_now", (owner,)] == 3


def test_names_that_callers_make_up_do_not_fill_the_memory() -> None:
    counter = Counter("flood_total", "Says.", "model")
    for number in range(3 * MOST):
        counter.add(f"made-up-{number}")
    assert len(counter.series) == MOST + 1
    assert counter.series[("other",)] == 2 * MOST
