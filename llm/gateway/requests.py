"""OpenAI's chat completion request as ours.

The rule for parameters: what Parley knows it translates; what only shapes the answer it passes on to the
provider (PASSED_ON); what only concerns OpenAI's own service it ignores (IGNORED); anything else it refuses,
so that no client believes in an effect that is not there.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from llm.gateway.errors import BadRequest
from llm.types import CachePolicy, Message, Owner, Request, Schema, Tool, ToolCall

PASSED_ON = (
    "top_p",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "parallel_tool_calls",
    "reasoning_effort",
    "verbosity",
)
IGNORED = frozenset(
    {
        "user",
        "metadata",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "stream_options",
        "n",
    }
)


class Part(msgspec.Struct):
    type: str
    text: str = ""


class Function(msgspec.Struct):
    name: str
    arguments: str = "{}"


class Call(msgspec.Struct):
    id: str
    function: Function


class Said(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class ToolFunction(msgspec.Struct):
    name: str
    description: str = ""
    parameters: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object", "properties": {}})


class ToolSpec(msgspec.Struct):
    function: ToolFunction
    type: Literal["function"] = "function"


class JsonSchema(msgspec.Struct):
    name: str
    schema: dict[str, Any] = msgspec.field(default_factory=dict)


class ResponseFormat(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class Named(msgspec.Struct):
    name: str


class Choice(msgspec.Struct):
    function: Named


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class Completion(msgspec.Struct):
    """The body of POST /v1/chat/completions, as far as it is translated."""

    model: str
    messages: list[Said]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    tools: list[ToolSpec] | None = None
    tool_choice: str | Choice | None = None
    response_format: ResponseFormat | None = None
    n: int | None = None


_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(Completion))


def read(body: bytes) -> tuple[Completion, dict[str, Any]]:
    """Return the request and the parameters that are passed on; raises BadRequest."""
    try:
        raw = msgspec.json.decode(body)
        completion = msgspec.convert(raw, Completion)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        param = where.rstrip("`").lstrip(".") or None
        raise BadRequest(f"{what}{' in ' + param if param else ''}.", param=param) from None
    except msgspec.DecodeError:
        raise BadRequest("The body is not JSON.") from None
    for name in raw.keys() - _KNOWN - IGNORED - set(PASSED_ON):
        raise BadRequest(f"Parley does not know the parameter {name}. Leave it out.", param=name)
    if completion.n not in (None, 1):
        raise BadRequest("Parley gives one answer a request: leave out n.", param="n")
    return completion, {name: raw[name] for name in PASSED_ON if raw.get(name) is not None}


def translate(
    completion: Completion, options: Mapping[str, Any], owner: Owner, cache: CachePolicy
) -> Request:
    """Return our request, without a model; raises BadRequest."""
    if not completion.messages:
        raise BadRequest("Send at least one message.", param="messages")
    return Request(
        messages=tuple(_message(said, n) for n, said in enumerate(completion.messages)),
        temperature=completion.temperature,
        max_tokens=completion.max_completion_tokens or completion.max_tokens,
        schema=_schema(completion.response_format),
        tools=tuple(
            Tool(name=t.function.name, description=t.function.description, parameters=t.function.parameters)
            for t in completion.tools or ()
        ),
        tool_choice=_tool_choice(completion.tool_choice),
        stop=_stop(completion.stop),
        options=options,
        feature="gateway",
        owner=owner,
        cache=cache,
    )


def _message(said: Said, n: int) -> Message:
    return Message(
        role="system" if said.role == "developer" else said.role,
        content=_text(said.content, n),
        tool_calls=tuple(
            ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in said.tool_calls or ()
        ),
        tool_call_id=said.tool_call_id,
    )


def _text(content: str | list[Part] | None, n: int) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if other := next((part.type for part in content if part.type != "text"), None):
        raise BadRequest(f"Parley takes text only, not {other}.", param=f"messages[{n}].content")
    return "".join(part.text for part in content)


def _schema(wanted: ResponseFormat | None) -> Schema | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return Schema(name="object", json_schema={"type": "object"})
    if wanted.json_schema is None:
        raise BadRequest("response_format needs a json_schema.", param="response_format.json_schema")
    return Schema(name=wanted.json_schema.name, json_schema=wanted.json_schema.schema)


def _tool_choice(choice: str | Choice | None) -> str | None:
    return choice.function.name if isinstance(choice, Choice) else choice


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())
