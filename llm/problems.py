"""A failure as a problem (RFC 9457): of the REST API, of a stream, of one text among many."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable

from django.db import InterfaceError, OperationalError

from llm import origin
from llm.api.shapes import usage
from llm.extraction.trail import Trail
from llm.ids import uuid7
from llm.money import money

CODES = {
    400: "invalid",
    401: "unauthenticated",
    402: "over_budget",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "rate_limited",
    503: "unavailable",
    504: "timed_out",
}
SHOWN = 4000  # characters of a wrong answer
AWAY = (OperationalError, InterfaceError)  # a database cannot be reached, or is held up

type Errors = Iterable[Mapping[str, str]]


@runtime_checkable
class Told(Protocol):
    """An error that knows how to be told. It may have `errors`, `retry_after` and `trail`."""

    status: int
    code: str
    sentence: str


class DatabaseAway(Exception):
    """The database cannot be reached."""

    status, code = 503, "unavailable"
    sentence = "Parley's database does not answer. Nothing that was saved is lost; try again soon."


def body(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: Errors = (),
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the members of a problem; `more` are those that only some have."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase.capitalize(),
        "status": status,
        "detail": detail,
        "code": code or CODES.get(status, "fault"),
        "request_id": origin.current_id() or str(uuid7()),
        "errors": [dict(error) for error in errors],
        **(more or {}),
    }


def of(error: Told) -> dict[str, Any]:
    """Return the problem that an error tells of."""
    trail: Trail | None = getattr(error, "trail", None)
    return body(
        error.status,
        error.sentence,
        code=error.code,
        errors=getattr(error, "errors", ()),
        more=_paid_for(trail) if trail else None,
    )


def _paid_for(trail: Trail) -> dict[str, Any]:
    """What a failed extraction cost and said: nothing that was paid for is lost."""
    return {
        "attempts": trail.attempts,
        "model": trail.model,
        "usage": usage(trail.usage),
        "cost": money(trail.cost),
        "text": trail.text[:SHOWN],
        "repairs": list(trail.repairs),
    }
