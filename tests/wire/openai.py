"""OpenAI's side of the wire: streamed chat completions and errors, as its API sends them."""

import json
from collections.abc import Iterator
from typing import Any

from tests.wire.answers import Answer, Call, Tokens

REQUEST_ID = "x-request-id"
FINISH = {"refusal": "stop", "pause": "stop"}
ERRORS = {
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
}
KINDS = {429: "rate_limit_error", 500: "server_error"}


def error_body(answer: Answer) -> dict[str, Any]:
    """Return the body of an HTTP error."""
    kind, code = ERRORS.get(answer.status, (KINDS.get(answer.status, "invalid_request_error"), None))
    return {"error": {"message": answer.message, "type": kind, "param": None, "code": answer.code or code}}


def frames(answer: Answer, request: dict[str, Any]) -> Iterator[tuple[bytes, bool]]:
    """Yield each event and whether the gate holds it back."""
    yield _chunk(request, {"role": "assistant", "content": "", "refusal": None}), False
    for _ in range(answer.thoughts):
        yield _chunk(request, {"reasoning_content": "hm"}), False
    for piece in answer.pieces:
        yield _chunk(request, {"content": piece}), True
    if answer.error:
        yield _data({"error": {"message": "scripted", "type": answer.error, "code": None}}), False
    if answer.error or answer.ending != "whole":
        return
    yield from ((frame, False) for frame in _end(answer, request))


def _end(answer: Answer, request: dict[str, Any]) -> Iterator[bytes]:
    for index, call in enumerate(answer.calls):
        yield from (_chunk(request, {"tool_calls": [part]}) for part in _parts(index, call))
    for word in answer.refusal.split(" ") if answer.refusal else ():
        yield _chunk(request, {"refusal": f"{word} "})
    yield _chunk(request, {}, FINISH.get(answer.finish, answer.finish))
    if answer.tokens and request.get("stream_options", {}).get("include_usage"):
        yield _data({**_head(request), "choices": [], "usage": _usage(answer.tokens)})
    yield b"data: [DONE]\n\n"


def _parts(index: int, call: Call) -> Iterator[dict[str, Any]]:
    half = len(call.arguments) // 2
    function = {"name": call.name, "arguments": ""}
    yield {"index": index, "id": call.id, "type": "function", "function": function}
    for arguments in (call.arguments[:half], call.arguments[half:]):
        yield {"index": index, "function": {"arguments": arguments}}


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {
            "cached_tokens": tokens.cached,
            "cache_write_tokens": tokens.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    }


def _head(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1795000000,
        "model": request.get("model"),
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _chunk(request: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _data({**_head(request), "choices": [choice], "usage": None})


def _data(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
