"""The wire format of Anthropic's messages: our request as its body, and the fields we read of an event."""

from collections.abc import Iterator
from typing import Any

import msgspec

from llm import types
from llm.catalog import Card
from llm.errors import Rejected
from llm.providers.faults import Fault

type Block = dict[str, Any]


def body(request: types.Request, name: str, card: Card) -> dict[str, Any]:
    """Return the body of a request; options that the model refuses are left out."""
    if request.options:
        raise Rejected(f"Claude models have no {', '.join(request.options)}. Leave it out.")
    options: dict[str, Any] = {
        "system": "\n\n".join(m.content for m in request.messages if m.role == "system" and m.content),
        "stop_sequences": list(request.stop),
        "output_config": _output_config(request.schema) if card.json_schema else None,
        **(_tools(request, card) if card.tools else {}),
    }
    messages = _messages(request)
    if not messages:  # a prompt that is all system text; the format demands a question
        messages = [{"role": "user", "content": [_text(options.pop("system"))]}]
    return {
        "model": name,
        "max_tokens": request.max_tokens or card.default_max_tokens,
        "messages": messages,
        "stream": True,
        **{key: value for key, value in options.items() if value},
        **(_sampling(request.temperature) if card.temperature else {}),
    }


def _messages(request: types.Request) -> list[dict[str, Any]]:
    """Neighbours with one role become one message: results of tools are said by the user here."""
    merged: list[dict[str, Any]] = []
    for message in request.messages:
        blocks = list(_blocks(message, request.model))
        role = "assistant" if message.role == "assistant" else "user"
        if not blocks:
            continue
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"].extend(blocks)
        else:
            merged.append({"role": role, "content": blocks})
    return merged


def _blocks(message: types.Message, model: str | None) -> Iterator[Block]:
    if message.role == "system":
        return
    if message.opaque and message.opaque.model == model:
        yield from msgspec.json.decode(message.opaque.data, type=list[Block])
        return
    if message.role == "tool":
        yield {"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": message.content}
        return
    if message.content:  # an empty text block is refused
        yield _text(message.content)
    for call in message.tool_calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": as_object(call.arguments)}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def as_object(arguments: str) -> dict[str, Any]:
    """Return what a model wrote as the object that the format wants; anything else is put into one."""
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeError):
        value = None
    return value if isinstance(value, dict) else {"invalid": arguments}


def _output_config(schema: types.Schema | None) -> dict[str, Any] | None:
    return {"format": {"type": "json_schema", "schema": dict(schema.json_schema)}} if schema else None


def _sampling(temperature: float | None) -> dict[str, float]:
    return {} if temperature is None else {"temperature": min(temperature, 1.0)}  # 1 is the most it takes


def _tools(request: types.Request, card: Card) -> dict[str, Any]:
    if not request.tools:
        return {}
    tools = [
        {"name": t.name, "description": t.description, "input_schema": dict(t.parameters)}
        for t in request.tools
    ]
    return {"tools": tools, "tool_choice": _tool_choice(request.tool_choice, card)}


def _tool_choice(choice: str | None, card: Card) -> dict[str, str] | None:
    if choice in (None, "auto", "none"):
        return {"type": choice} if choice else None
    if not card.forced_tool_choice:
        return {"type": "auto"}
    return {"type": "any"} if choice == "required" else {"type": "tool", "name": choice or ""}


class OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: int | None = None


class Usage(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None

    def over(self, before: "Usage") -> "Usage":
        """Return these figures, and the earlier ones where these are silent: they are totals, never added."""
        return Usage(
            *(
                getattr(before, name) if getattr(self, name) is None else getattr(self, name)
                for name in self.__struct_fields__
            )
        )

    def ours(self) -> types.Usage:
        """Return the figures as ours: here the cached tokens are not a part of `input_tokens`."""
        read, wrote = self.cache_read_input_tokens or 0, self.cache_creation_input_tokens or 0
        details = self.output_tokens_details
        return types.Usage(
            input_tokens=(self.input_tokens or 0) + read + wrote,
            output_tokens=self.output_tokens or 0,
            cached_tokens=read,
            cache_write_tokens=wrote,
            reasoning_tokens=(details.thinking_tokens if details else 0) or 0,
        )


class Message(msgspec.Struct, gc=False):
    id: str | None = None
    usage: Usage | None = None


class StopDetails(msgspec.Struct, gc=False):
    category: str | None = None
    explanation: str | None = None


class Piece(msgspec.Struct, gc=False):
    """The delta of a block, or of the message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_details: StopDetails | None = None


class Error(msgspec.Struct, gc=False):
    type: str | None = None
    message: str | None = None

    def fault(self) -> Fault:
        """Return the fault of an error that came inside a stream, where there is no status."""
        kind = self.type or ""
        return Fault(status=_STATUS.get(kind, 500), message=self.message or "", codes=frozenset({kind}))


_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class Event(msgspec.Struct, gc=False):
    type: str = ""
    index: int = 0
    message: Message | None = None
    content_block: Block | None = None
    delta: Piece | None = None
    usage: Usage | None = None
    error: Error | None = None


EVENT = msgspec.json.Decoder(Event)
