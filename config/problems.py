"""Every failure of the REST API as application/problem+json (RFC 9457), whoever raised it.

Errors of llm, prompts and chat say for themselves what they are: `status`, `code` and `sentence`, and maybe
`errors` and `retry_after`.
"""

import json
import logging
import math
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import HttpError, Throttled, ValidationError

from llm import problems
from llm.extraction.pointers import pointer

logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds, where nobody knows better


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: problems.Errors = (),
    retry_after: float | None = None,
) -> HttpResponse:
    """Return the response of a problem."""
    return _response(problems.body(status, detail, code=code, errors=errors), retry_after)


def _response(body: dict[str, Any], retry_after: float | None) -> HttpResponse:
    status = body["status"]
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
        case problems.Told():
            return _response(problems.of(error), getattr(error, "retry_after", None))
    return _fault(request, error)


def _invalid(faults: list[dict[str, str]]) -> HttpResponse:
    said = [f"{fault['pointer'] or 'The body'}: {fault['message']}." for fault in faults[:3]]
    return problem(422, " ".join(["The request is not valid.", *said]), errors=faults)


def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    if isinstance(error, problems.AWAY):
        logger.error("api.database_away", extra={"path": request.path, "error": str(error)})
        return _response(problems.of(problems.DatabaseAway()), None)
    said = "Something went wrong on our side. Tell whoever runs Parley the request_id of this answer."
    body = problems.body(500, said, code="fault")
    event = {"request_id": body["request_id"], "path": request.path}
    logger.error("api.fault", extra=event, exc_info=error)
    return _response(body, None)


def _faults(error: ValidationError) -> list[dict[str, str]]:
    return [{"pointer": pointer(_place(fault["loc"])), "message": fault["msg"]} for fault in error.errors]


def _place(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Leave out where ninja looked (body, query, path) and, for a body, the name of its parameter."""
    return loc[2:] if loc and loc[0] == "body" else loc[1:]
