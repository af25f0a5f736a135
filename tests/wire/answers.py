"""What a scripted server answers with, in no vendor's words; `frames` of each format turns it into bytes."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.wire.gate import Gate
from tests.wire.pace import Pace

type Ending = Literal["whole", "cut", "eof", "never"]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What the server says an answer used; `input` is all of it, `cached` and `cache_write` are parts."""

    input: int = 11
    output: int = 7
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True, kw_only=True)
class Call:
    """A tool call of an answer."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of the script. `tokens` None: the server never says what it used.

    `gate` holds back each piece until the test lets it go, `tail` the end of the body after a whole answer;
    `chunk` cuts the stream every so many bytes.
    """

    status: int = 200
    message: str = ""
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    pieces: tuple[str, ...] = ()
    thoughts: int = 0
    calls: tuple[Call, ...] = ()
    refusal: str = ""
    finish: str = "stop"
    tokens: Tokens | None = Tokens()
    ending: Ending = "whole"
    error: str = ""
    raw: bytes | None = None
    gate: Gate | Pace | None = None
    tail: Gate | None = None
    chunk: int = 0


def text(*pieces: str, **rest: Any) -> Answer:
    """A good answer, one delta a piece."""
    return Answer(pieces=pieces, **rest)


def truncated(*pieces: str, **rest: Any) -> Answer:
    """An answer that reached the limit of its length."""
    return Answer(pieces=pieces, finish="length", **rest)


def tool_call(name: str, /, *, call_id: str = "call_1", **arguments: Any) -> Answer:
    """An answer that calls one tool."""
    return tool_calls(Call(id=call_id, name=name, arguments=json.dumps(arguments)))


def tool_calls(*calls: Call, pieces: tuple[str, ...] = (), finish: str = "tool_calls", **rest: Any) -> Answer:
    """An answer that calls several tools, after some text if you like."""
    return Answer(calls=calls, pieces=pieces, finish=finish, **rest)


def refusal(words: str = "I cannot help with that.", **rest: Any) -> Answer:
    """The model declines."""
    return Answer(refusal=words, finish="refusal", **rest)


def paused(*pieces: str, **rest: Any) -> Answer:
    """Anthropic's pause in a long turn: the client has to send it back to go on."""
    return Answer(pieces=pieces, finish="pause", **rest)


def cut_after(*pieces: str, **rest: Any) -> Answer:
    """The connection is reset in the middle of the answer."""
    return Answer(pieces=pieces, ending="cut", **rest)


def silent_eof(*pieces: str, **rest: Any) -> Answer:
    """The body ends in good order, but the answer in it does not."""
    return Answer(pieces=pieces, ending="eof", **rest)


def error_event(error: str, *pieces: str, **rest: Any) -> Answer:
    """An error in the middle of a stream that began with 200, such as `overloaded_error`."""
    return Answer(pieces=pieces, error=error, **rest)


def hang() -> Answer:
    """The request is taken and never answered."""
    return Answer(ending="never")


def status(status: int, *, message: str = "scripted", code: str = "", retry_after: object = None) -> Answer:
    """An HTTP error in the vendor's shape."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Answer(status=status, message=message, code=code, headers=headers)


def raw(body: bytes, *, content_type: str = "text/event-stream", ending: Ending = "whole") -> Answer:
    """These bytes and nothing else."""
    return Answer(raw=body, headers={"content-type": content_type}, ending=ending)


def with_headers(answer: Answer, **headers: str) -> Answer:
    """The same answer with more headers; underscores become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(answer, headers={**answer.headers, **named})
