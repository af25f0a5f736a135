"""Traces after OpenTelemetry's conventions for generative AI, where an exporter is set; without one no cost.

A span's parent is the `traceparent` of the running work's origin, and what a span's block begins has the
span's own: so a trace goes on through the process's loop, the task queue and other machines alike.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from llm import origin, runloop
from llm.errors import LLMError
from llm.telemetry.publishing import process

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

type Attributes = Mapping[str, Any]
type Note = Callable[[Attributes], None]

_tracer: "Tracer | None" = None
_starting = threading.Lock()


def start() -> None:
    """Begin to trace, if the site says to whom; takes a moment, so best not on the loop."""
    global _tracer
    if not settings.PARLEY.traces_endpoint:
        return
    with _starting:
        if _tracer is None:
            _tracer = _made()


def _made() -> "Tracer":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.util.re import parse_env_headers

    site = settings.PARLEY
    headers = parse_env_headers(site.otel_exporter_otlp_headers.get_secret_value(), liberal=True)
    who = {
        "service.name": site.otel_service_name,
        "service.version": settings.VERSION,
        "service.instance.id": process(),
    }
    provider = TracerProvider(resource=Resource.create(who), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=site.traces_endpoint, headers=headers or None)
    provider.add_span_processor(BatchSpanProcessor(exporter))

    async def close() -> None:
        global _tracer
        _tracer = None
        await asyncio.to_thread(provider.shutdown)

    runloop.on_close(close)
    return provider.get_tracer("parley", settings.VERSION)


def traced() -> bool:
    """Whether spans go anywhere."""
    return _tracer is not None


@contextmanager
def span(name: str, attributes: Attributes, *, client: bool = False) -> Iterator[Note]:
    """Trace the block as a child of the running work; what it is given later is told to what this yields."""
    if _tracer is None:
        yield _unheard
        return
    come_from = origin.current()
    opened = _tracer.start_span(
        name, _context(come_from.traceparent), _kind(client=client), attributes=dict(attributes)
    )
    try:
        with origin.coming_from(replace(come_from, traceparent=_traceparent(opened))):
            yield lambda more: opened.set_attributes({k: v for k, v in more.items() if v is not None})
    except BaseException as error:
        _fail(opened, error_type(error), error.sentence if isinstance(error, LLMError) else "")
        raise
    finally:
        opened.end()


def past(name: str, attributes: Attributes, traceparent: str, *, end: int, ms: int, error: str = "") -> None:
    """Trace, as a child of that span, what took `ms` until `end`, in nanoseconds since 1970."""
    if _tracer is None:
        return
    opened = _tracer.start_span(
        name,
        _context(traceparent),
        _kind(client=True),
        attributes={key: value for key, value in attributes.items() if value is not None},
        start_time=end - ms * 1_000_000,
    )
    if error:
        _fail(opened, error)
    opened.end(end)


def error_type(error: BaseException) -> str:
    """Return the low-cardinality name of what went wrong."""
    if isinstance(error, LLMError):
        return error.code
    return "stopped" if isinstance(error, asyncio.CancelledError) else type(error).__qualname__


def _unheard(_: Attributes) -> None:
    """Nobody traces."""


def _fail(opened: "Span", kind: str, said: str = "") -> None:
    from opentelemetry.trace import Status, StatusCode

    opened.set_attribute("error.type", kind)
    if kind != "stopped":  # somebody wanted it so
        opened.set_status(Status(StatusCode.ERROR, said or None))


def _kind(*, client: bool) -> Any:
    from opentelemetry.trace import SpanKind

    return SpanKind.CLIENT if client else SpanKind.INTERNAL


def _context(traceparent: str) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())


def _traceparent(opened: "Span") -> str:
    from opentelemetry.trace import format_span_id, format_trace_id

    known = opened.get_span_context()
    return f"00-{format_trace_id(known.trace_id)}-{format_span_id(known.span_id)}-{known.trace_flags:02x}"
