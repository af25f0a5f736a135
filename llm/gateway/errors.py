"""Errors in OpenAI's shape."""

import math
from typing import Any

from django.http import JsonResponse

from llm.errors import LLMError

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


def told(error: Exception) -> JsonResponse:
    """Return the response for an error of ours or of the pipeline; raises any other."""
    if isinstance(error, BadRequest):
        status, code, sentence, param, wait = error.status, error.code, error.sentence, error.param, None
    elif isinstance(error, LLMError):
        status, code, sentence, param, wait = (
            error.status,
            error.code,
            error.sentence,
            None,
            error.retry_after,
        )
    else:
        raise error
    response = JsonResponse(error_body(sentence, status=status, code=code, param=param), status=status)
    if wait is not None or status in {429, 503}:
        response["Retry-After"] = str(max(1, math.ceil(wait or 5)))
    return response
