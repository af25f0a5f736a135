"""The frames of the chat's socket, in both directions."""

import uuid
from typing import Annotated, Any

import msgspec

from llm.types import Usage


class BadFrame(ValueError):
    """A client's frame that is not one of ours; the text says why, in one sentence."""


class Send(msgspec.Struct, tag="send", frozen=True):
    """Ask; `id` is the client's own, and a second frame with the same one starts nothing.

    `agent`: the answer may use tools.
    """

    id: uuid.UUID
    text: str
    prompt: str | None = None
    model: str | None = None
    parent: uuid.UUID | None = None
    agent: bool = False


class Stop(msgspec.Struct, tag="stop", frozen=True):
    """End an answer."""

    generation: uuid.UUID


class Regenerate(msgspec.Struct, tag="regenerate", frozen=True):
    """Answer the same question again, beside the answer named here; `continue` begins with its text.

    Prompt and model are those of that answer, unless they are named; tools stay allowed where they were.
    """

    message: uuid.UUID
    prompt: str | None = None
    model: str | None = None
    agent: bool = False
    going_on: bool = msgspec.field(default=False, name="continue")


class Edit(msgspec.Struct, tag="edit", frozen=True):
    """Ask another question in place of the one named here."""

    message: uuid.UUID
    text: str
    id: uuid.UUID | None = None
    prompt: str | None = None
    model: str | None = None
    agent: bool = False


class Resume(msgspec.Struct, tag="resume", frozen=True):
    """Send what came after flush `after`, and what comes."""

    generation: uuid.UUID
    after: Annotated[int, msgspec.Meta(ge=0)] = 0


type ClientFrame = Send | Stop | Regenerate | Edit | Resume

MOST_BYTES = 1024 * 1024  # of a client's frame; the server's own limit has to be above it

_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(Send | Stop | Regenerate | Edit | Resume)


def decode(text: str) -> ClientFrame:
    """Read a client's frame; raises BadFrame."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise BadFrame(f"This frame cannot be read: {error}.") from None


class Live(msgspec.Struct, frozen=True):
    """An answer that is being written; `seq` is its last flush."""

    generation: uuid.UUID
    message: uuid.UUID
    seq: int


class State(msgspec.Struct, tag="state", frozen=True):
    """What a conversation is doing; the first frame of every socket."""

    conversation: uuid.UUID
    title: str
    generations: list[Live]


class Start(msgspec.Struct, tag="start", frozen=True):
    """An answer begins; `run` is the agent's that writes it, if one does."""

    generation: uuid.UUID
    message: uuid.UUID
    parent: uuid.UUID | None
    client_id: uuid.UUID | None
    model: str
    prompt: str
    prompt_version: int | None
    run: uuid.UUID | None = None


class Delta(msgspec.Struct, tag="delta", frozen=True, gc=False):
    """Whole flushes `first..last` of an answer; on the wire `from` and `to`."""

    generation: uuid.UUID
    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    text: str


class Step(msgspec.Struct, tag="step", frozen=True):
    """A row of an agent's journal, which is flush `seq` of its answer: how a step stands from here on."""

    generation: uuid.UUID
    seq: int
    step: dict[str, Any]

    @property
    def first(self) -> int:
        return self.seq

    @property
    def last(self) -> int:
        return self.seq


class End(msgspec.Struct, tag="end", frozen=True):
    """An answer is over; `seq` is its last flush."""

    generation: uuid.UUID
    seq: int
    finish: str
    usage: dict[str, int]
    cost: str | None
    cached: bool
    first_token_ms: int | None
    total_ms: int | None


class Error(msgspec.Struct, tag="error", frozen=True, omit_defaults=True):
    """A frame that could not be done; nothing is stored of it."""

    code: str
    text: str
    retry_after: float | None = None
    client_id: uuid.UUID | None = None


type Flushed = Delta | Step
type Event = Start | Flushed | End
type ServerFrame = State | Event | Error

_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Start | Delta | Step | End)


def encode(frame: ServerFrame) -> str:
    """Write a server's frame."""
    return msgspec.json.encode(frame).decode()


def wire_usage(usage: Usage) -> dict[str, int]:
    """Return usage in the shape that every part of the API shows."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def read_event(text: str) -> Event:
    """Read an event that another process wrote."""
    return _events.decode(text)
