import json
import logging
import logging.config
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from pydantic import SecretStr

from config.correlation import Correlation
from config.logs import logging_config
from llm import origin, runloop
from llm.models import ApiKey, Call
from llm.origin import Origin, coming_from
from tests.live import live_server
from tests.wire import WireServer, status, text

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def asked(*headers: tuple[bytes, bytes], kind: str = "http") -> tuple[Origin, list[Any]]:
    """Return where the application took the request to come from, and the headers of its answer."""
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(origin.current())
        start = "http.response.start" if kind == "http" else "websocket.accept"
        await send({"type": start, "headers": [(b"content-type", b"text/plain")]})

    async def send(message: dict[str, Any]) -> None:
        seen.append(message["headers"])

    await Correlation(application)({"type": kind, "headers": list(headers)}, None, send)
    return seen[0], seen[1]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_caller_s_id_is_taken_and_told(kind: str) -> None:
    come_from, headers = await asked(
        (b"x-request-id", b"shop-4711"), (b"traceparent", TRACE.encode()), kind=kind
    )
    assert come_from == Origin(correlation_id="shop-4711", traceparent=TRACE)
    assert headers == [(b"content-type", b"text/plain"), (b"x-request-id", b"shop-4711")]
    assert origin.current() == origin.NOWHERE


@pytest.mark.parametrize(
    "wrong", [b"", b"a b", b'{"a":1}', b"x" * 65, b"\xff\xfe", b"a\nlevel=ERROR", b"-rf", "ä".encode()]
)
async def test_an_id_that_could_not_stand_in_a_log_is_made_anew(wrong: bytes) -> None:
    come_from, headers = await asked((b"x-request-id", wrong))
    assert UUID7.fullmatch(come_from.correlation_id)
    assert headers[-1] == (b"x-request-id", come_from.correlation_id.encode())


@pytest.mark.parametrize(
    "wrong", [b"", b"00-0-0-01", f"00-{'0' * 32}-{'1' * 16}-01".encode(), TRACE[:-1].encode()]
)
async def test_a_trace_that_is_none_is_left_out(wrong: bytes) -> None:
    assert (await asked((b"traceparent", wrong)))[0].traceparent == ""


async def test_work_of_the_loop_comes_from_where_it_was_sent_from() -> None:
    async def where() -> str:
        return origin.current_id()

    with coming_from(Origin(correlation_id="one")):
        outliving = runloop.outlive(where())
        assert await runloop.join(where()) == "one"
    assert await outliving == "one"


def test_work_that_another_thread_sends_to_the_loop_does_too() -> None:
    async def where() -> str:
        return origin.current_id()

    with coming_from(Origin(correlation_id="two")):
        assert runloop.wait(where()) == "two"
    assert runloop.wait(where()) == ""


@pytest.mark.parametrize("style", ["json", "console"])
def test_every_line_of_the_log_has_the_id(style: str) -> None:
    config = logging_config(style, "INFO")
    handler = logging.StreamHandler(said := StringIO())
    handler.addFilter(
        logging.config.DictConfigurator(config).configure_filter(config["filters"]["correlated"])
    )
    handler.setFormatter(
        logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["line"])
    )
    record = logging.makeLogRecord({"msg": "llm.call", "levelname": "INFO", "name": "llm", "model": "m"})
    with coming_from(Origin(correlation_id="shop-4711", traceparent=TRACE)):
        handler.handle(record)
    line = said.getvalue()
    if style == "console":
        assert line.endswith(f"model=m request_id=shop-4711 trace_id={TRACE[3:35]}\n")
    else:
        found = json.loads(line)
        assert (found["event"], found["model"]) == ("llm.call", "m")
        assert (found["request_id"], found["trace_id"]) == ("shop-4711", TRACE[3:35])


def test_the_pages_of_faults_say_the_id_to_tell() -> None:
    with coming_from(Origin(correlation_id="shop-4711")):
        for page in ("403.html", "403_csrf.html", "404.html", "500.html"):
            assert "<code>shop-4711</code>" in render_to_string(page)
    assert "<code>" not in render_to_string("500.html")


@pytest.fixture
def site(wire: WireServer, settings: Any, transactional_db: None) -> Iterator[str]:
    update = {
        "openai_api_key": SecretStr("sk-test"),
        "openai_base_url": wire.openai_url,
        "parley_models": "openai:gpt-5.6-luna",
    }
    settings.PARLEY = settings.PARLEY.model_copy(update=update)
    with live_server() as url:
        yield url


@pytest.mark.django_db(transaction=True)
def test_an_id_follows_a_call_from_the_program_to_the_provider(
    site: str, alice: User, wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire.script(status(503), text("Hi"))
    headers = {
        "Authorization": f"Bearer {ApiKey.objects.issue(user=alice, name='t')[1]}",
        "X-Request-ID": "shop-4711",
    }
    question = {"model": "gpt-5.6-luna", "messages": [{"role": "user", "content": "Hello"}]}
    with caplog.at_level(logging.INFO):
        answer = httpx2.post(f"{site}/v1/chat/completions", json=question, headers=headers, timeout=30)
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "shop-4711")
    assert [seen.headers["x-client-request-id"] for seen in wire.requests] == ["shop-4711", "shop-4711"]
    calls = Call.objects.filter(correlation_id="shop-4711")
    assert sorted(calls.values_list("outcome", flat=True)) == ["ok", "unavailable"]
    said = [record.message for record in caplog.records if record.name.startswith("llm.")]
    assert said == ["llm.call", "llm.retry", "llm.call"]


@pytest.mark.django_db(transaction=True)
def test_a_problem_and_a_page_that_is_not_there_carry_the_id(site: str) -> None:
    headers = {"X-Request-ID": "shop-4711"}
    told = httpx2.get(f"{site}/api/v1/usage", headers=headers)
    assert (told.status_code, told.json()["request_id"]) == (401, "shop-4711")
    page = httpx2.get(f"{site}/nothing/", headers=headers)
    assert (page.status_code, page.headers["x-request-id"]) == (404, "shop-4711")
    assert "<code>shop-4711</code>" in page.text
