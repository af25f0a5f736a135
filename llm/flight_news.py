"""What the processes of one flight tell each other, as JSON."""

from collections.abc import Iterable

import msgspec

from llm import errors
from llm.errors import BadOutput, LLMError, Unavailable
from llm.types import Delta, Reply


class Part(msgspec.Struct, frozen=True, tag="part"):
    """Deltas, in order."""

    deltas: tuple[Delta, ...]


class Restart(msgspec.Struct, frozen=True, tag="restart"):
    """Another attempt begins: what came so far is void."""


class Landed(msgspec.Struct, frozen=True, tag="landed"):
    """The whole reply."""

    reply: Reply


class Failed(msgspec.Struct, frozen=True, tag="failed", omit_defaults=True):
    """The error that everybody gets; `kind` is the name of its class in `llm.errors`."""

    kind: str
    sentence: str
    detail: str = ""
    retry_after: float | None = None
    partial: Reply | None = None
    errors: tuple[dict[str, str], ...] = ()

    @classmethod
    def of(cls, error: BaseException) -> "Failed":
        """Return the news of an error; what is no LLMError stays a secret of its process."""
        if not isinstance(error, LLMError):
            return cls(kind=Unavailable.__name__, sentence=Unavailable.says)
        return cls(
            kind=next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__),
            sentence=error.sentence,
            detail=error.detail,
            retry_after=error.retry_after,
            partial=error.partial,
            errors=error.errors if isinstance(error, BadOutput) else (),
        )

    def error(self) -> LLMError:
        """Return the error as it was raised."""
        kind = getattr(errors, self.kind, Unavailable)
        more = {"errors": self.errors} if kind is BadOutput else {}
        error: LLMError = kind(
            self.sentence, detail=self.detail, retry_after=self.retry_after, partial=self.partial, **more
        )
        return error


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The leader was stopped and answers nobody; somebody else may lead."""


type News = Part | Restart | Landed | Failed | Gone

_decoder: msgspec.json.Decoder[News] = msgspec.json.Decoder(Part | Restart | Landed | Failed | Gone)


def pack(news: News) -> bytes:
    """Return the bytes of a piece of news."""
    return msgspec.json.encode(news)


def unpack(data: bytes) -> News:
    """Return the news in bytes."""
    return _decoder.decode(data)


def gathered(deltas: Iterable[Delta]) -> Part:
    """Join pieces of text that follow each other."""
    joined: list[Delta] = []
    for delta in deltas:
        if joined and delta.is_text and joined[-1].is_text:
            joined[-1] = Delta(text=joined[-1].text + delta.text)
        else:
            joined.append(delta)
    return Part(tuple(joined))
