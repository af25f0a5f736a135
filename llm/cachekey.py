"""When are two requests the same? When the model is asked the same, for the same owner."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from llm.types import Message, Request

_PLAIN = frozenset((str, int, bool, type(None)))
_written = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode


def cache_key(request: Request) -> str:
    """Return the SHA-256 of the canonical request: what the model sees, and whose it is unless shared."""
    seen = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "temperature": _canonical(request.temperature),
        "max_tokens": request.max_tokens,
        "schema": request.schema
        and {"name": request.schema.name, "schema": _canonical(request.schema.json_schema)},
        "tools": [[tool.name, tool.description, _canonical(tool.parameters)] for tool in request.tools],
        "tool_choice": request.tool_choice,
        "options": _canonical(request.options),
        "stop": request.stop,
        "owner": None if request.cache.shared else [request.owner.user_id, _key(request)],
    }
    return hashlib.sha256(_written(seen).encode()).hexdigest()


def _message(message: Message) -> dict[str, Any]:
    """Return what `asdict` would, in a fifth of its time."""
    opaque = message.opaque
    return {
        "role": message.role,
        "content": message.content,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls
        ],
        "tool_call_id": message.tool_call_id,
        "opaque": opaque and {"model": opaque.model, "data": opaque.data},
    }


def _key(request: Request) -> str | None:
    """A key stands for its user; only where there is no user does it stand for itself."""
    owner = request.owner
    return str(owner.key_id) if owner.user_id is None and owner.key_id else None


def _canonical(value: Any) -> Any:
    """1.0 and 1 are one number; mappings and sequences of any kind are objects and arrays."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, (list, tuple)):
        return [_canonical(inner) for inner in value]
    if isinstance(value, (dict, Mapping)):  # a dict is told from the others ten times as fast
        return {str(name): _canonical(inner) for name, inner in value.items()}
    return value
