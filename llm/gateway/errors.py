"""Errors in OpenAI's shape."""

import logging
import math
from typing import Any

from django.http import JsonResponse

from llm.errors import LLMError
from llm.problems import AWAY, DatabaseAway, Told

logger = logging.getLogger(__name__)

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    402: "insufficient_quota",
    429: "rate_limit_error",
}


class BadRequest(Exception):
    """A request that cannot be passed on; `param` is the parameter that is wrong."""

    def __init__(
        self, sentence: str, *, param: str | None = None, status: int = 400, code: str = "invalid"
    ) -> None:
        self.sentence = sentence
        self.param = param
        self.status = status
        self.code = code
        super().__init__(sentence)


def error_body(sentence: str, *, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    """Return `{"error": {...}}`; clients choose their exception by the status and show the message."""
    kind = _TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")
    return {"error": {"message": sentence, "type": kind, "code": code, "param": param}}


class Fault(Exception):
    """Something that nobody foresaw."""

    status, code = 500, "fault"
    sentence = "Something went wrong on our side. Tell whoever runs Parley the X-Request-ID of this answer."


def told(error: Exception) -> JsonResponse:
    """Return the response for an error; logs one that is not of ours or of the pipeline."""
    known = _known(error)
    param, wait = getattr(known, "param", None), getattr(known, "retry_after", None)
    body = error_body(known.sentence, status=known.status, code=known.code, param=param)
    response = JsonResponse(body, status=known.status)
    if wait is not None or known.status in {429, 503}:
        response["Retry-After"] = str(max(1, math.ceil(wait or 5)))
    return response


def _known(error: Exception) -> Told:
    if isinstance(error, BadRequest | LLMError):
        return error
    if isinstance(error, AWAY):
        logger.error("gateway.database_away", extra={"error": str(error)})
        return DatabaseAway()
    logger.error("gateway.fault", exc_info=error)
    return Fault()
