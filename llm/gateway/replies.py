"""Our replies in OpenAI's shapes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from llm.errors import LLMError
from llm.gateway.errors import error_body
from llm.types import Reply, ToolCall, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What all parts of one answer share."""

    id: str
    model: str
    created: int

    @classmethod
    def of(cls, request_id: Any, model: str) -> "Shape":
        """Begin an answer now."""
        return cls(id=f"chatcmpl-{request_id}", model=model, created=int(time.time()))

    def whole(self, reply: Reply) -> dict[str, Any]:
        """Return a chat.completion."""
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if reply.tool_calls:
            message["tool_calls"] = [_call(call) for call in reply.tool_calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
        return self._object("chat.completion", [choice]) | {"usage": _usage(reply.usage)}

    def refused(self, error: LLMError) -> dict[str, Any]:
        """Return a chat.completion whose message is a refusal, as OpenAI tells it."""
        said = error.partial.text if error.partial and error.partial.text else error.sentence
        message = {"role": "assistant", "content": None, "refusal": said}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        usage = error.partial.usage if error.partial else Usage()
        return self._object("chat.completion", [choice]) | {"usage": _usage(usage)}

    def begin(self) -> bytes:
        """Return the first chunk."""
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, text: str) -> bytes:
        """Return a chunk of text."""
        return self._chunk({"content": text})

    def call(self, call: ToolCall, index: int) -> bytes:
        """Return a chunk with a whole tool call."""
        return self._chunk({"tool_calls": [{"index": index, **_call(call)}]})

    def refusal(self, text: str) -> bytes:
        """Return a chunk of a refusal."""
        return self._chunk({"refusal": text})

    def end(self, finish: str) -> bytes:
        """Return the last chunk of the answer itself."""
        return self._chunk({}, finish)

    def usage(self, usage: Usage) -> bytes:
        """Return the chunk that `stream_options.include_usage` asks for."""
        return event(self._object("chat.completion.chunk", []) | {"usage": _usage(usage)})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event(self._object("chat.completion.chunk", [choice]))

    def _object(self, kind: str, choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


DONE = b"data: [DONE]\n\n"


def event(data: dict[str, Any]) -> bytes:
    """Return a server-sent event."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def broken(error: LLMError) -> bytes:
    """Return the event for a failure after the answer began; OpenAI's clients raise on it."""
    return event(error_body(error.sentence, status=error.status, code=error.code))


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
