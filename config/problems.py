"""Every failure of the REST API as application/problem+json (RFC 9457), whoever raised it.

Errors of llm, prompts and chat say for themselves what they are: `status`, `code` and `sentence`, and maybe
`errors` and `retry_after`.
"""

import json
import logging
import math
import uuid
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError, Throttled, ValidationError

from llm.api.shapes import usage
from llm.extraction import BadExtraction
from llm.extraction.pointers import pointer
from llm.ids import uuid7
from llm.money import money

logger = logging.getLogger(__name__)

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
RETRY_AFTER = 5  # seconds, where nobody knows better
SHOWN = 4000  # characters of a wrong answer

type Errors = Iterable[Mapping[str, str]]


@runtime_checkable
class Told(Protocol):
    """An error that knows how to be told."""

    status: int
    code: str
    sentence: str


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: Errors = (),
    retry_after: float | None = None,
    request_id: uuid.UUID | None = None,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Return the response of a problem; `more` are members that only some problems have."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase.capitalize(),
        "status": status,
        "detail": detail,
        "code": code or CODES.get(status, "fault"),
        "request_id": str(request_id or uuid7()),
        "errors": [dict(error) for error in errors],
        **(more or {}),
    }
    response = HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    if status in (429, 503):
        response["Retry-After"] = str(math.ceil(RETRY_AFTER if retry_after is None else retry_after))
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def of(request: HttpRequest, error: Any) -> HttpResponse:
    """Return the problem that an exception is; logs one that nobody foresaw."""
    match error:
        case ValidationError():
            return _invalid(_faults(error))
        case Throttled():
            return problem(429, "You sent too many requests.", retry_after=error.wait)
        case HttpError(status_code=400):
            said = f"The body is not valid JSON. {error.__cause__ or ''}".strip()
            return problem(422, said, errors=[{"pointer": "", "message": said}])
        case HttpError():
            return problem(error.status_code, error.message)
        case Http404() | ObjectDoesNotExist():
            return problem(404, "There is nothing here.")
        case PermissionDenied():
            return problem(403, "You may not do this.")
        case RequestDataTooBig():
            return problem(413, "The request is too large. Send it in parts.")
        case SuspiciousOperation():
            return problem(422, "The request is not valid.")
        case Told():
            return _told(error)
    return _fault(request, error)


def _invalid(faults: list[dict[str, str]]) -> HttpResponse:
    said = [f"{fault['pointer'] or 'The body'}: {fault['message']}." for fault in faults[:3]]
    return problem(422, " ".join(["The request is not valid.", *said]), errors=faults)


def _told(error: Told) -> HttpResponse:
    partial = getattr(error, "partial", None)
    return problem(
        error.status,
        error.sentence,
        code=error.code,
        errors=getattr(error, "errors", ()),
        retry_after=getattr(error, "retry_after", None),
        request_id=partial.request_id if partial else None,
        more=_paid_for(error) if isinstance(error, BadExtraction) else None,
    )


def _paid_for(error: BadExtraction) -> dict[str, Any]:
    """What a failed extraction cost and said: nothing that was paid for is lost."""
    assert error.partial is not None  # noqa: S101 BadExtraction demands it
    return {
        "attempts": error.attempts,
        "model": error.partial.model,
        "usage": usage(error.partial.usage),
        "cost": money(error.partial.cost),
        "text": error.partial.text[:SHOWN],
    }


def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    request_id = uuid7()
    event = {"request_id": str(request_id), "path": request.path}
    logger.error("api.fault", extra=event, exc_info=error)
    said = "Something went wrong on our side. Tell whoever runs Parley the request_id of this answer."
    return problem(500, said, code="fault", request_id=request_id)


def _faults(error: ValidationError) -> list[dict[str, str]]:
    return [{"pointer": pointer(_place(fault["loc"])), "message": fault["msg"]} for fault in error.errors]


def _place(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Leave out where ninja looked (body, query, path) and, for a body, the name of its parameter."""
    return loc[2:] if loc and loc[0] == "body" else loc[1:]
