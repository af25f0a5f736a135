"""Anthropic's side of the wire: streamed messages and errors, as its API sends them."""

import json
from collections.abc import Iterator
from typing import Any

from tests.wire.answers import Answer, Call, Tokens

REQUEST_ID = "request-id"
FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "pause": "pause_turn"}
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def error_body(answer: Answer) -> dict[str, Any]:
    """Return the body of an HTTP error."""
    error: dict[str, Any] = {"type": ERRORS.get(answer.status, "api_error"), "message": answer.message}
    if answer.code:
        error["details"] = {"error_code": answer.code}
    return {"type": "error", "error": error, "request_id": "req_scripted"}


def frames(answer: Answer, request: dict[str, Any]) -> Iterator[tuple[bytes, bool]]:
    """Yield each event and whether the gate holds it back."""
    yield _event("message_start", message=_message(answer.tokens or Tokens(), request)), False
    yield _event("ping"), False
    index = 0
    if answer.thoughts:
        yield from ((frame, False) for frame in _thoughts(answer.thoughts))
        index = 1
    if answer.pieces:
        yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""}), False
    for piece in answer.pieces:
        yield _delta(index, type="text_delta", text=piece), True
    if answer.error:
        yield _event("error", error={"type": answer.error, "message": "scripted"}), False
    if answer.error or answer.ending != "whole":
        return
    if answer.pieces:
        yield _event("content_block_stop", index=index), False
        index += 1
    yield from ((frame, False) for frame in _end(answer, index))


def _thoughts(count: int) -> Iterator[bytes]:
    block = {"type": "thinking", "thinking": "", "signature": ""}
    yield _event("content_block_start", index=0, content_block=block)
    for _ in range(count):
        yield _delta(0, type="thinking_delta", thinking="hm")
    yield _delta(0, type="signature_delta", signature="c2ln")
    yield _event("content_block_stop", index=0)


def _end(answer: Answer, first: int) -> Iterator[bytes]:
    for index, call in enumerate(answer.calls, start=first):
        yield from _call(index, call)
    delta: dict[str, Any] = {"stop_reason": FINISH.get(answer.finish, answer.finish), "stop_sequence": None}
    if answer.refusal:
        delta["stop_details"] = {"type": "refusal", "category": None, "explanation": answer.refusal}
    if answer.tokens:
        yield _event("message_delta", delta=delta, usage=_end_usage(answer.tokens))
    else:
        yield _event("message_delta", delta=delta)
    yield _event("message_stop")


def _call(index: int, call: Call) -> Iterator[bytes]:
    half = len(call.arguments) // 2
    block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
    yield _event("content_block_start", index=index, content_block=block)
    for part in ("", call.arguments[:half], call.arguments[half:]):
        yield _delta(index, type="input_json_delta", partial_json=part)
    yield _event("content_block_stop", index=index)


def _message(tokens: Tokens, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request.get("model"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**_input(tokens), "output_tokens": 1, "service_tier": "standard"},
    }


def _input(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.input - tokens.cached - tokens.cache_write,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cached,
    }


def _end_usage(tokens: Tokens) -> dict[str, Any]:
    details = {"output_tokens_details": {"thinking_tokens": tokens.reasoning}} if tokens.reasoning else {}
    return {**_input(tokens), "output_tokens": tokens.output, **details}


def _delta(index: int, **delta: str) -> bytes:
    return _event("content_block_delta", index=index, delta=delta)


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
