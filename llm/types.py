"""The values that travel through the pipeline. All are frozen; change one with `dataclasses.replace`."""

import json
import math
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol

from llm import origin
from llm.ids import uuid7
from llm.origin import Origin

type Role = Literal["system", "user", "assistant", "tool"]
type Finish = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's wish to use a tool; `arguments` is the JSON text as the model wrote it, unchecked."""

    id: str
    name: str
    arguments: str

    def read(self) -> dict[str, Any]:
        """Return the arguments; raises ValueError, whose text a model understands, unless that works."""
        try:
            arguments = json.loads(self.arguments)
        except ValueError as error:
            raise ValueError(f"The arguments are not JSON: {error}") from None
        if not isinstance(arguments, dict):
            raise ValueError("The arguments are not a JSON object.")
        return arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What a model may call; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """What a provider wants back unchanged with the answer that it came in, such as signed thoughts.

    `data` is in the provider's own format and for `model` alone; others are sent the text and the calls.
    """

    model: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation; `tool_call_id` names the call that a tool message answers."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    opaque: Opaque | None = None

    @classmethod
    def system(cls, content: str) -> "Message":
        """Return what the model is told before all else."""
        return cls(role="system", content=content)

    @classmethod
    def user(cls, content: str) -> "Message":
        """Return what a person says."""
        return cls(role="user", content=content)

    @classmethod
    def result(cls, call: ToolCall, content: str) -> "Message":
        """Return what came of a tool call; it follows the message that made the call."""
        return cls(role="tool", content=content, tool_call_id=call.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The JSON Schema that an answer must satisfy, and a name for it (letters, digits, _ and -)."""

    name: str
    json_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who a call is for: ids of a user and of the API key that was used, if any."""

    user_id: int | None = None
    key_id: uuid.UUID | None = None

    @property
    def subject(self) -> str:
        """Whom a prompt is rendered for, while two of its versions are tried on people; "" for nobody."""
        return "" if self.user_id is None else f"user:{self.user_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRef:
    """The prompt version that a call was rendered from."""

    slug: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a call. `input_tokens` is all input; cached and cache-write tokens are parts of it,
    reasoning tokens a part of the output: nothing is counted twice."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """How a request uses the cache.

    `ttl` in seconds, None for the site's, 0 for no cache at all; `read` False asks the model anew and
    refreshes what is kept; `shared` lets other owners have the reply; `stale` allows one that is too old
    when no model can answer.
    """

    ttl: int | None = None
    read: bool = True
    shared: bool = False
    stale: bool = False


class Tab:
    """What a call has used so far, over all its attempts, the failed and the stopped ones too.

    The one thing in a request that changes: layers write on it, whoever sent the request may read it.
    `model` is the one that is being asked, `cache` what came of looking for a kept reply.
    """

    __slots__ = ("cache", "cost", "estimated", "last", "model", "usage")

    def __init__(self) -> None:
        self.model = ""
        self.cache: Literal["off", "hit", "miss"] = "off"
        self.usage = Usage()
        self.cost: Decimal | None = Decimal(0)
        self.estimated = False
        self.last: Reply | None = None

    def add(self, attempt: "Reply") -> None:
        """Add an attempt; one of unknown cost makes the sum unknown."""
        self.usage += attempt.usage
        self.cost = None if self.cost is None or attempt.cost is None else self.cost + attempt.cost
        self.estimated = self.estimated or attempt.estimated
        self.last = attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model.

    `model` is `provider:model`, a bare model name, or None for the site's chain; `chain` names an own
    fallback order. `deadline` bounds the whole call in seconds, waits and retries included; None is the
    site's; the client turns it into `expires`, a moment of the process loop's clock. Temperatures that a
    model refuses are left out for it. `max_tokens` bounds the output. `options` are OpenAI's further
    parameters, passed on as they are (`top_p`, `seed`); a provider that has none refuses them. `accept` says
    whether a whole reply is good enough to be kept in the cache. `fit` is given the request with the model
    that is asked next and returns it as that model needs it. `drain` lets the model finish when everybody
    who waited has left, instead of stopping it: the answer is booked and kept. `gather` is how many seconds
    text may gather at the provider before it is handed on, once the first of it was: all that follows works
    less the less often it comes.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    chain: tuple[str, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    schema: Schema | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    feature: str = "python"
    owner: Owner = Owner()
    prompt: PromptRef | None = None
    cache: CachePolicy = CachePolicy()
    accept: Callable[["Reply"], bool] | None = field(default=None, compare=False)
    fit: Callable[["Request"], "Request"] | None = field(default=None, compare=False)
    drain: bool = False
    gather: float = 0.0
    deadline: float | None = None
    expires: float = math.inf
    tab: Tab = field(default_factory=Tab, compare=False)
    origin: Origin = field(default_factory=origin.current, compare=False)
    id: uuid.UUID = field(default_factory=uuid7)


class Delta(NamedTuple):
    """A piece of an answer as it comes; a tuple, for there are thousands a second and it is the cheapest.

    `usage` carries figures that the provider named before the end; a delta without text or call is a
    sign of life (a model that thinks) and is kept from readers.
    """

    text: str = ""
    tool_call: ToolCall | None = None
    usage: Usage | None = None

    @property
    def is_text(self) -> bool:
        """True if there is nothing in it but text."""
        return self.tool_call is None and self.usage is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A model of the chain that did not answer, and why."""

    model: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer. `model` is `provider:model` that gave it; `cost` in US dollars, None if unknown.

    `estimated` marks a usage that was counted here, because the provider never said it. `upstream_id`
    is the provider's own id of the request. `saved` is what a cached answer had cost.
    """

    text: str
    model: str
    finish: Finish
    usage: Usage = Usage()
    tool_calls: tuple[ToolCall, ...] = ()
    opaque: Opaque | None = None
    estimated: bool = False
    cost: Decimal | None = None
    saved: Decimal | None = None
    cached: bool = False
    request_id: uuid.UUID | None = None
    upstream_id: str = ""
    first_token_ms: int | None = None
    total_ms: int | None = None
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def message(self) -> Message:
        """The answer as a turn of the conversation, to go on from."""
        return Message(role="assistant", content=self.text, tool_calls=self.tool_calls)


type Emit = Callable[[Delta], Awaitable[None]]
type Handler = Callable[[Request, Emit], Awaitable[Reply]]


class Layer(Protocol):
    """Wraps a handler: takes a request, decides, calls or does not, returns the reply."""

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply: ...


async def discard(_: Delta) -> None:
    """Emit for callers that want the whole reply only."""
