"""An answer as it grows: what was said, which tools were called, what it used."""

import msgspec

from llm.errors import LLMError
from llm.estimate import estimated_usage
from llm.types import Delta, Emit, Finish, Reply, Request, ToolCall, Usage


class Answer:
    """Gathers one answer; `push()` hands on what is new, `end()` is the whole, `partial()` what there is."""

    def __init__(self, request: Request, emit: Emit) -> None:
        self.request = request
        self.upstream_id = ""
        self._emit = emit
        self._parts: list[str] = []
        self._pushed = 0  # parts
        self._is_news = False
        self._announced: Usage | None = None
        self._usage: Usage | None = None
        self._counted = False
        self._begun = False

    def say(self, text: str) -> None:
        """Add text."""
        self._begun = self._is_news = True
        self._parts.append(text)

    def think(self) -> None:
        """Note that the model is alive, though there is nothing to read yet."""
        self._begun = self._is_news = True

    def announce(self, usage: Usage) -> None:
        """Note figures that came before the end."""
        self._begun = self._is_news = True
        self._usage, self._counted = usage, False
        self._announced = usage

    async def push(self) -> bool:
        """Hand on what is new as one delta, if anything is; returns whether there was text in it."""
        if not self._is_news:
            return False
        text = "".join(self._parts[self._pushed :])
        self._pushed = len(self._parts)
        usage, self._announced = self._announced, None
        self._is_news = False
        await self._emit(Delta(text=text, usage=usage))
        return bool(text)

    def count(self, usage: Usage) -> None:
        """Note the final figures."""
        self._usage, self._counted = usage, True

    @property
    def text(self) -> str:
        return "".join(self._parts)

    async def end(self, finish: Finish, calls: list[ToolCall]) -> Reply:
        """Push the tool calls and return the whole reply; a call cut by the limit is left out."""
        kept = tuple(call for call in calls if finish != "length" or _is_json(call.arguments))
        for call in kept:
            await self._emit(Delta(tool_call=call))
        if finish != "length":
            finish = "tool_calls" if kept else "stop"  # some servers say stop beside a call
        return self._reply(self.text, finish, kept)

    def partial(self, said: str = "") -> Reply | None:
        """Return what came until a failure, or None if nothing did; `said` is text that was not pushed."""
        return self._reply(self.text + said, "stop", ()) if self._begun or self._counted else None

    def __enter__(self) -> None:
        """Begin a block in which it grows: an error that leaves it takes along what came so far."""

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LLMError) and error.partial is None:
            error.partial = self.partial()

    def _reply(self, text: str, finish: Finish, calls: tuple[ToolCall, ...]) -> Reply:
        return Reply(
            text=text,
            model=self.request.model or "",
            finish=finish,
            tool_calls=calls,
            usage=self._usage if self._usage and self._counted else self._estimated(text, calls),
            estimated=not self._counted,
            upstream_id=self.upstream_id,
        )

    def _estimated(self, text: str, calls: tuple[ToolCall, ...]) -> Usage:
        return estimated_usage(self.request, text + "".join(c.arguments for c in calls), self._usage)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True
