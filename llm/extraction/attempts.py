"""Ask until an answer is valid, errors repeat, or time or tries are over."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llm import catalog, run
from llm.errors import BadOutput, LLMError, Rejected
from llm.extraction import asking
from llm.extraction.compiler import is_small
from llm.extraction.contracts import Contract, Faults
from llm.extraction.reading import Read, read, written
from llm.extraction.trail import Trail
from llm.types import Emit, Reply, Request, discard

if TYPE_CHECKING:
    from llm.extraction.showing import Showing

ANEW = 0.4  # temperature of a second attempt: at 0 a small model repeats itself
LONGER = 4  # times the limit at which a first answer was cut off
TOO_LATE = 1.0  # seconds that no answer comes in


class BadExtraction(BadOutput):
    """The model never complied. `trail` and `partial` hold its last text and the cost of all attempts."""

    def __init__(self, sentence: str, *, errors: Faults, partial: Reply, trail: Trail) -> None:
        super().__init__(sentence, errors=errors, partial=partial)
        self.trail = trail

    @property
    def attempts(self) -> int:
        return self.trail.attempts if self.trail else 0


class Truncated(BadExtraction):
    """The answer was cut off by a limit on its length; half a value is a wrong value."""

    says = "The answer was cut off before its end. Send a shorter text, or name a model with more room."


class Attempts:
    """The attempts of one extraction."""

    def __init__(
        self, contract: Contract, request: Request, most: int, seconds: float, show: "Showing | None" = None
    ) -> None:
        self.contract = contract
        self.first = request
        self.most = most
        self.show = show
        self.clock = asyncio.get_running_loop().time
        self.end = self.clock() + seconds
        self.number = 0
        self.has_more_room = False
        self.cut_off: tuple[Reply, Read] | None = None
        self.last = Reply(text="", model="", finish="stop", request_id=request.id)
        self.upstream_ids: list[str] = []

    async def run(self) -> tuple[Reply, Read]:
        """Return the reply that was valid, and what it says."""
        request = self.first
        before: Faults = ()
        while True:
            try:
                reply = await self._ask(request)
            except Rejected:
                if self.cut_off is None:
                    raise
                raise self._given_up(*self.cut_off) from None  # the model has no more room than it had
            answer = read(self.contract, reply)
            faults = answer.checked.faults
            if not faults:
                return reply, answer
            if self._must_stop(reply, faults, before):
                raise self._given_up(reply, answer)
            self.cut_off = (reply, answer) if reply.finish == "length" else None
            request, before = self._next(request, reply, faults), faults

    def trail_of(self, reply: Reply, repairs: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the fields of a Trail that ends with this reply."""
        return {
            "attempts": self.number,
            "model": reply.model or self.first.tab.model,
            "usage": self.first.tab.usage,
            "cost": self.first.tab.cost,
            "text": written(reply),
            "repairs": repairs,
            "request_id": self.first.id,
            "upstream_ids": tuple(self.upstream_ids),
        }

    async def _ask(self, request: Request) -> Reply:
        self.number += 1
        emit = self.show.begin(self.first.tab) if self.show else discard
        try:
            reply = await self._within(request, emit)
        except LLMError as error:
            error.partial = self._summed(self._noted(error.partial) if error.partial else self.last)
            error.trail = Trail(**self.trail_of(error.partial))
            raise
        self.last = self._noted(reply)
        return reply

    async def _within(self, request: Request, emit: Emit) -> Reply:
        """Ask in what is left of the time."""
        return await run(replace(request, deadline=max(self.end - self.clock(), TOO_LATE)), emit)

    def _noted(self, reply: Reply) -> Reply:
        if reply.upstream_id:
            self.upstream_ids.append(reply.upstream_id)
        return reply

    def _must_stop(self, reply: Reply, faults: Faults, before: Faults) -> bool:
        over = self.number >= self.most or self.end - self.clock() < TOO_LATE
        return over or faults == before or (reply.finish == "length" and not self._room(reply))

    def _room(self, reply: Reply) -> int:
        """Return the tokens that a truncated answer may be given on its second try, 0 for no more."""
        card = catalog.card(reply.model)
        had = self.first.max_tokens or card.default_max_tokens
        if self.has_more_room or is_small(reply.model) or had * 2 > card.context_tokens // 2:
            return 0
        return min(LONGER * had, card.context_tokens // 2)

    def _next(self, request: Request, reply: Reply, faults: Faults) -> Request:
        """Give a truncated answer more room, once; else say what is wrong."""
        if reply.finish == "length":
            more = replace(request, max_tokens=self._room(reply))
            self.has_more_room = True
            return more
        messages = asking.again(self.first.messages, written(reply), faults)
        return replace(request, messages=messages, temperature=ANEW)

    def _given_up(self, reply: Reply, answer: Read) -> BadExtraction:
        trail = Trail(**self.trail_of(reply, answer.repairs))
        errors, partial = answer.checked.faults, self._summed(reply)
        if reply.finish == "length":
            return Truncated(Truncated.says, errors=errors, partial=partial, trail=trail)
        said = f"The model gave no valid answer in {self.number} attempt{'s' * (self.number > 1)}."
        return BadExtraction(said, errors=errors, partial=partial, trail=trail)

    def _summed(self, reply: Reply) -> Reply:
        return replace(reply, usage=self.first.tab.usage, cost=self.first.tab.cost)
