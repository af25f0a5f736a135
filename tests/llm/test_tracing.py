"""Traces, as an OTLP receiver gets them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

import llm
from llm import client, runloop
from llm.agents.tools.calculate import calculate
from llm.errors import LLMError
from llm.origin import Origin, coming_from
from llm.providers.scripted import tool_call
from llm.telemetry import spans
from llm.types import Message, Request
from tests.llm.agents.scenes import drive, make_run
from tests.wire import Tokens, WireServer, status, text, wire

__all__ = ["wire"]
pytestmark = pytest.mark.django_db(transaction=True)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
ERROR = 2


class Span:
    """A span as it came over the wire."""

    def __init__(self, sent: Any, resource: dict[str, Any]) -> None:
        self.name: str = sent.name
        self.trace: str = sent.trace_id.hex()
        self.id: str = sent.span_id.hex()
        self.parent: str = sent.parent_span_id.hex()
        self.failed: bool = sent.status.code == ERROR
        self.seconds: float = (sent.end_time_unix_nano - sent.start_time_unix_nano) / 1e9
        self.attributes = _plain(sent.attributes)
        self.resource = resource


def _plain(attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in attributes:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        found[pair.key] = [inner.string_value for inner in value.values] if kind == "array_value" else value
    return found


class Collector:
    """Takes what is exported; `spans()` ends the tracing of this process and returns them by name."""

    def __init__(self) -> None:
        self.exports: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []

    def spans(self) -> list[Span]:
        runloop.wait(runloop.close())
        return [
            Span(sent, _plain(group.resource.attributes))
            for export in self.exports
            for group in export.resource_spans
            for scope in group.scope_spans
            for sent in scope.spans
        ]


@pytest.fixture
def collector(settings: Any, wire: WireServer) -> Iterator[Collector]:
    """An OTLP receiver, and a site that tells it."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            export = ExportTraceServiceRequest()
            export.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
            found.exports.append(export)
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    update = {
        "openai_api_key": SecretStr("sk-test"),
        "openai_base_url": wire.openai_url,
        "parley_models": "openai:gpt-5.6-luna,openai:gpt-5.5",
        "otel_exporter_otlp_endpoint": f"http://127.0.0.1:{server.server_port}",
        "otel_exporter_otlp_headers": SecretStr("api-key=secret,team=llm"),
    }
    settings.PARLEY = settings.PARLEY.model_copy(update=update)
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def ask(said: str = "Hello", **fields: Any) -> llm.Reply:
    request = Request(messages=(Message.system("Be brief."), Message.user(said)), feature="chat", **fields)
    return runloop.wait(llm.run(request))


def test_a_call_is_a_span_with_its_attempts_below_it(collector: Collector, wire: WireServer) -> None:
    wire.script(status(503), text("Hi", tokens=Tokens(input=31, output=2)))
    with coming_from(Origin(correlation_id="shop", traceparent=f"00-{TRACE}-{PARENT}-01")):
        ask(max_tokens=50)
    failed, attempt, call = collector.spans()
    assert (call.name, call.trace, call.parent) == ("chat gpt-5.6-luna", TRACE, PARENT)
    assert [one.name for one in (failed, attempt)] == ["attempt gpt-5.6-luna"] * 2
    assert {failed.parent, attempt.parent} == {call.id}
    assert (failed.failed, attempt.failed, call.failed) == (True, False, False)
    assert failed.attributes["error.type"] == "unavailable"
    told = call.attributes
    assert (
        told.items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-5.6-luna",
            "gen_ai.response.model": "gpt-5.6-luna",
            "gen_ai.request.max_tokens": 50,
            "gen_ai.usage.input_tokens": 31,
            "gen_ai.usage.output_tokens": 2,
            "gen_ai.response.finish_reasons": ["stop"],
            "server.address": "127.0.0.1",
            "parley.feature": "chat",
        }.items()
    )
    assert not [name for name in told if "messages" in name or "instructions" in name]
    assert call.resource["service.name"] == "parley"
    assert collector.headers[0].items() >= {("api-key", "secret"), ("team", "llm")}
    assert call.seconds >= attempt.seconds


def test_a_call_that_fails_says_why(collector: Collector, wire: WireServer) -> None:
    wire.script(status(400))
    with pytest.raises(LLMError) as error:
        ask()
    *_, call = collector.spans()
    assert (call.failed, call.attributes["error.type"]) == (True, error.value.code)
    assert call.parent == ""


def test_an_answer_from_the_cache_made_no_attempt_and_used_nothing(
    collector: Collector, wire: WireServer
) -> None:
    wire.script(text("Hi", tokens=Tokens(input=31, output=2)))
    ask()
    ask()
    *_, hit = collector.spans()
    assert (hit.attributes["parley.cached"], hit.attributes["gen_ai.usage.input_tokens"]) == (True, 0)
    assert len([span for span in collector.spans() if span.name.startswith("attempt")]) == 1


@pytest.mark.parametrize(
    ("log", "shown"),
    [("redacted", "Write to [email]"), ("full", "Write to ann@example.com"), ("metadata", None)],
)
def test_texts_are_told_only_where_the_site_wants_them_and_as_the_log_keeps_them(
    log: str, shown: str | None, collector: Collector, wire: WireServer, settings: Any
) -> None:
    update = {"otel_instrumentation_genai_capture_message_content": True, "parley_call_log": log}
    settings.PARLEY = settings.PARLEY.model_copy(update=update)
    wire.script(text(f"Done. {settings.SECRET_KEY}"))
    ask("Write to ann@example.com")
    *_, call = collector.spans()
    if shown is None:
        assert "gen_ai.input.messages" not in call.attributes
        return
    assert json.loads(call.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": shown}]}
    ]
    assert json.loads(call.attributes["gen_ai.system_instructions"]) == [
        {"type": "text", "content": "Be brief."}
    ]
    (answer,) = json.loads(call.attributes["gen_ai.output.messages"])
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "stop")
    assert settings.SECRET_KEY not in answer["parts"][0]["content"]


def test_a_feature_that_is_not_logged_is_not_traced(
    collector: Collector, wire: WireServer, settings: Any
) -> None:
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_call_log": "redacted,chat:off"})
    wire.script(text("Hi"))
    ask()
    assert collector.spans() == []


def test_a_run_of_an_agent_holds_its_tools(collector: Collector, alice: User) -> None:
    with coming_from(Origin(correlation_id="shop", traceparent=f"00-{TRACE}-{PARENT}-01")):
        run = make_run(alice)
    spans.start()
    drive(tool_call("calculate", expression="37 * 43"), "1591", tools=[calculate])
    tool, agent = collector.spans()
    assert (agent.name, agent.trace, agent.parent) == ("invoke_agent parley", TRACE, PARENT)
    assert agent.attributes["gen_ai.agent.id"] == str(run.pk)
    assert (tool.name, tool.parent) == ("execute_tool calculate", agent.id)
    assert tool.attributes["gen_ai.tool.name"] == "calculate"


def test_without_an_exporter_nothing_is_loaded_and_nothing_layered() -> None:
    spans.start()
    assert not spans.traced()
    layers = client.site_layers(_site(), None, None)  # type: ignore[arg-type]
    assert type(layers[0]).__name__ == "Quota"


def _site() -> Any:
    from django.conf import settings

    return settings.PARLEY
