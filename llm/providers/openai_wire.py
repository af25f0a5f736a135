"""The wire format of chat completions: our request as its body, and the fields we read of a chunk."""

from typing import Any

import msgspec

from llm import types
from llm.catalog import Card
from llm.providers.endpoint import Endpoint
from llm.providers.faults import Fault


def body(request: types.Request, name: str, card: Card, endpoint: Endpoint) -> dict[str, Any]:
    """Return the body of a request; options that the model refuses are left out."""
    limit = request.max_tokens or (card.default_max_tokens if endpoint.bounded else None)
    options = {
        endpoint.limit_field: limit,
        "temperature": request.temperature if card.temperature else None,
        "stop": list(request.stop) or None,
        "response_format": _response_format(request.schema) if card.json_schema else None,
        **(_tools(request) if card.tools else {}),
    }
    return {
        "model": name,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **{key: value for key, value in options.items() if value is not None},
        **request.options,
    }


def _message(message: types.Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.content}
    if not message.tool_calls:
        return {"role": message.role, "content": message.content}
    return {
        "role": message.role,
        "content": message.content or None,
        "tool_calls": [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ],
    }


def _response_format(schema: types.Schema | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    shape = {"name": schema.name, "schema": dict(schema.json_schema), "strict": True}
    return {"type": "json_schema", "json_schema": shape}


def _tools(request: types.Request) -> dict[str, Any]:
    if not request.tools:
        return {}
    tools = [
        {
            "type": "function",
            "function": {"name": t.name, "description": t.description, "parameters": dict(t.parameters)},
        }
        for t in request.tools
    ]
    return {"tools": tools, "tool_choice": _tool_choice(request.tool_choice)}


def _tool_choice(choice: str | None) -> str | dict[str, Any] | None:
    """`auto`, `none` and `required` are OpenAI's own words; anything else names a tool."""
    if choice in (None, "auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Piece(msgspec.Struct, gc=False):
    """`reasoning` has two names: neither is OpenAI's own."""

    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[Call] | None = None


class Choice(msgspec.Struct, gc=False):
    delta: Piece | None = None
    finish_reason: str | None = None


class InputDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None

    def ours(self) -> types.Usage:
        """Return the same figures as ours: the details are parts of the totals on both sides."""
        read, wrote = self.prompt_tokens_details, self.completion_tokens_details
        return types.Usage(
            input_tokens=self.prompt_tokens or 0,
            output_tokens=self.completion_tokens or 0,
            cached_tokens=(read.cached_tokens if read else 0) or 0,
            cache_write_tokens=(read.cache_write_tokens if read else 0) or 0,
            reasoning_tokens=(wrote.reasoning_tokens if wrote else 0) or 0,
        )


class Error(msgspec.Struct, gc=False):
    message: str | None = None
    type: str | None = None
    code: str | int | None = None

    def fault(self) -> Fault:
        """Return the fault of an error that came inside a stream, where there is no status."""
        codes = frozenset(str(word) for word in (self.type, self.code) if word)
        return Fault(status=_status(codes), message=self.message or "", codes=codes)


_STATUS = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "tokens": 429,
    "requests": 429,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "overloaded_error": 503,
    "server_overloaded": 503,
}


def _status(codes: frozenset[str]) -> int:
    """Some servers put an HTTP status where OpenAI has a word."""
    numbers = [int(code) for code in codes if code.isdecimal() and 400 <= int(code) < 600]
    return next(iter(numbers or [_STATUS[code] for code in codes if code in _STATUS]), 500)


class Chunk(msgspec.Struct, gc=False):
    id: str | None = None
    choices: list[Choice] | None = None
    usage: Usage | None = None
    error: Error | str | None = None


CHUNK = msgspec.json.Decoder(Chunk)
